import { jest } from '@jest/globals';
import { PendingSends } from './pending-sends.js';
import type { Resolve } from './producer-batch.js';
import { SerializedRecord } from './record-serializer.js';
import { NOT_CHOSEN } from './waiting-segment.js';

const MAX_BLOCK_MS = 60_000;
const FALLBACK = 'fallback';

/** Sends that wait for the topics `refused` and `other`; when the first one fails, its callback does something. */
class Bench {
  public readonly pending: PendingSends;
  /** In order: `+value` appended, `-value reason` failed. */
  public readonly events: string[] = [];
  public readonly known = new Set<string>();
  public readonly final = new Map<string, Error>();
  private readonly values = new Map<Resolve, string>();

  public constructor(private readonly onFirstFailure: (bench: Bench) => void) {
    this.pending = new PendingSends({
      maxBlockMs: MAX_BLOCK_MS,
      availableMemory: () => 0,
      isStandstill: () => false,
      partitionCount: (topic) => (this.known.has(topic) ? 3 : 0),
      finalError: (topic) => this.final.get(topic),
      append: (_, record) => {
        this.events.push(`+${String(record.value)}`);
        return true;
      },
      timeoutError: () => new Error('timed out'),
      fail: ({ resolve }, error) => this.failed(this.values.get(resolve) ?? '?', error),
      onMemoryWaited: () => undefined,
    });
    this.send('first', 'refused');
    this.send('second', 'refused');
    this.send('earlier', 'other');
  }

  /** As the intake does: what can be placed, and stands behind nobody, need not wait. */
  public send(value: string, topic: string): void {
    if (this.known.has(topic) && !this.pending.waitsForMemory) {
      this.events.push(`+${value}`);
      return;
    }
    const resolve: Resolve = () => undefined;
    this.values.set(resolve, value);
    const send = { topic, partition: NOT_CHOSEN, original: null, startedAt: Date.now(), resolve, reject: null };
    this.pending.add(send, new SerializedRecord(topic, 0, null, value, null));
  }

  public refuse(): void {
    this.final.set('refused', new Error('no rights'));
    this.pending.metadataChanged();
  }

  private failed(value: string, error: Error): void {
    this.events.push(`-${value} ${error.message}`);
    if (value === 'first') this.onFirstFailure(this);
  }
}

function sendFallback(bench: Bench): void {
  bench.send(FALLBACK, 'other');
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => {
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

describe('the callback of a send whose topic is refused', () => {
  it('may send to a topic that others wait for: it stands behind them', () => {
    const bench = new Bench(sendFallback);
    bench.refuse();
    expect(bench.events).toEqual(['-first no rights', '-second no rights']);
    expect(bench.pending.size).toBe(2);
    bench.known.add('other');
    bench.pending.metadataChanged();
    expect(bench.events.slice(2)).toEqual(['+earlier', `+${FALLBACK}`]);
    expect([bench.pending.size, bench.pending.waitingBytes]).toEqual([0, 0]);
  });

  it('may send to a topic that waits on, and learns of its end in time', () => {
    const bench = new Bench(sendFallback);
    bench.refuse();
    jest.advanceTimersByTime(MAX_BLOCK_MS);
    expect(bench.events.slice(2)).toEqual(['-earlier timed out', `-${FALLBACK} timed out`]);
    expect(bench.pending.waitingBytes).toBe(0);
  });

  it('does not overtake with what it sends those whose topic has become known together with the refusal', () => {
    const bench = new Bench(sendFallback);
    bench.known.add('other');
    bench.refuse();
    expect(bench.events).toEqual(['-first no rights', '-second no rights', '+earlier', `+${FALLBACK}`]);
  });

  it('may wait until all that waited have ended, those of other topics too', async () => {
    let isDrained = false;
    const bench = new Bench(({ pending }) => void pending.drained().then(() => (isDrained = true)));
    bench.refuse();
    await Promise.resolve();
    expect(isDrained).toBe(false);
    bench.known.add('other');
    bench.pending.metadataChanged();
    await Promise.resolve();
    expect(isDrained).toBe(true);
  });

  it('may end all that waits: each has one outcome', () => {
    const bench = new Bench(({ pending }) => pending.failAll(new Error('closed')));
    bench.refuse();
    expect(bench.events).toEqual(['-first no rights', '-earlier closed', '-second no rights']);
    expect([bench.pending.size, bench.pending.waitingBytes]).toEqual([0, 0]);
  });
});
