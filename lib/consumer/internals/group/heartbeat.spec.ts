import { jest } from '@jest/globals';
import { Heartbeat } from './heartbeat.js';

const INTERVAL_MS = 3_000;
const SESSION_MS = 10_000;

interface SentHeartbeat {
  readonly at: number;
  readonly answer: (errorCode: number) => Promise<void>;
  readonly fail: (error: Error) => Promise<void>;
}

/** A heartbeat whose answers the test gives by hand. */
class HeartbeatBench {
  public readonly sent: SentHeartbeat[] = [];
  public readonly told: (number | string)[] = [];
  public readonly heartbeat = new Heartbeat({
    config: {
      heartbeatIntervalMs: INTERVAL_MS,
      sessionTimeoutMs: SESSION_MS,
      retryBackoffMs: 100,
      retryBackoffMaxMs: 1_000,
    },
    send: () =>
      new Promise<number>((resolve, reject) => {
        this.sent.push({
          at: Date.now(),
          answer: (errorCode) => settle(() => resolve(errorCode)),
          fail: (error) => settle(() => reject(error)),
        });
      }),
    onAnswer: (errorCode) => this.told.push(errorCode),
    onFailure: (error) => this.told.push(String(error)),
    onExpired: () => this.told.push('expired'),
  });

  public get last(): SentHeartbeat {
    const last = this.sent.at(-1);
    if (last === undefined) throw new Error('No heartbeat was sent');
    return last;
  }
}

async function settle(act: () => void): Promise<void> {
  act();
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => {
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

describe('Heartbeats', () => {
  it('end the session although its timer fires a little early by the clock', () => {
    const bench = new HeartbeatBench();
    bench.heartbeat.start();
    jest.advanceTimersByTime(SESSION_MS - 1);
    jest.setSystemTime(Date.now() - 5);
    jest.advanceTimersByTime(2);
    expect(bench.told).toEqual([]);
    jest.advanceTimersByTime(10);
    expect(bench.told).toEqual(['expired']);
  });

  it('are sent one interval after the other, never two at a time', async () => {
    const bench = new HeartbeatBench();
    const startedAt = Date.now();
    bench.heartbeat.start();
    jest.advanceTimersByTime(INTERVAL_MS - 1);
    expect(bench.sent).toHaveLength(0);
    jest.advanceTimersByTime(1);
    await bench.last.answer(0);
    jest.advanceTimersByTime(INTERVAL_MS);
    jest.advanceTimersByTime(500);
    await bench.last.answer(27);
    jest.advanceTimersByTime(INTERVAL_MS - 500);
    expect(bench.sent.map(({ at }) => at - startedAt)).toEqual([3_000, 6_000, 9_000]);
    jest.advanceTimersByTime(2 * INTERVAL_MS);
    expect(bench.sent).toHaveLength(3);
    expect(bench.told).toEqual([0, 27]);
    expect(bench.heartbeat.lastAnswerAt).toBe(startedAt + 6_500);
    bench.heartbeat.stop();
  });

  it('are repeated soon when they fail', async () => {
    const bench = new HeartbeatBench();
    bench.heartbeat.start();
    jest.advanceTimersByTime(INTERVAL_MS);
    await bench.last.fail(new Error('lost'));
    jest.advanceTimersByTime(120);
    expect(bench.sent).toHaveLength(2);
    await bench.last.answer(16);
    jest.advanceTimersByTime(240);
    expect(bench.sent).toHaveLength(3);
    expect(bench.told).toEqual(['Error: lost', 16]);
    bench.heartbeat.stop();
  });

  it('end with a stop, and an answer that comes later is not looked at', async () => {
    const bench = new HeartbeatBench();
    bench.heartbeat.start();
    jest.advanceTimersByTime(INTERVAL_MS);
    bench.heartbeat.stop();
    await bench.last.answer(25);
    jest.advanceTimersByTime(2 * SESSION_MS);
    expect(bench.told).toEqual([]);
    expect(bench.sent).toHaveLength(1);
  });

  it('of a former start do not count for the next one', async () => {
    const bench = new HeartbeatBench();
    bench.heartbeat.start();
    jest.advanceTimersByTime(INTERVAL_MS);
    const former = bench.last;
    bench.heartbeat.start();
    await former.answer(0);
    jest.advanceTimersByTime(INTERVAL_MS);
    expect(bench.sent).toHaveLength(2);
    expect(bench.told).toEqual([]);
    bench.heartbeat.stop();
  });
});

describe('A session', () => {
  it('lasts from the moment when the last answered heartbeat was sent', async () => {
    const bench = new HeartbeatBench();
    bench.heartbeat.start();
    jest.advanceTimersByTime(INTERVAL_MS);
    jest.advanceTimersByTime(2_000);
    await bench.last.answer(0);
    jest.advanceTimersByTime(SESSION_MS - 2_001);
    expect(bench.told).toEqual([0]);
    jest.advanceTimersByTime(2);
    expect(bench.told).toEqual([0, 'expired']);
    // Nothing more is sent for a session that is over.
    await bench.last.answer(0);
    jest.advanceTimersByTime(2 * INTERVAL_MS);
    expect(bench.sent).toHaveLength(2);
    expect(bench.told).toEqual([0, 'expired']);
  });

  it.each([16, 15, -1])('is not prolonged by answer %i', async (errorCode) => {
    const bench = new HeartbeatBench();
    bench.heartbeat.start();
    for (let passed = 0; passed <= SESSION_MS; passed += 100) {
      jest.advanceTimersByTime(100);
      const { length } = bench.sent;
      if (length > 0) await bench.last.answer(errorCode);
    }
    jest.advanceTimersByTime(100);
    expect(bench.told.at(-1)).toBe('expired');
  });

  it('goes on when the answer was there and only the event loop stood still', async () => {
    const bench = new HeartbeatBench();
    bench.heartbeat.start();
    jest.advanceTimersByTime(INTERVAL_MS);
    // All timers that are due fire before anything is read; what was received is read before the next immediate.
    jest.setSystemTime(Date.now() + SESSION_MS);
    jest.advanceTimersToNextTimer();
    await bench.last.answer(0);
    jest.advanceTimersByTime(0);
    expect(bench.told).not.toContain('expired');
    bench.heartbeat.stop();
  });
});
