import { silentLog } from '../wire/log-sink.js';
import type { ProducerEngineApi } from './producer-engine-api.js';
import type { ProducerRecord, RecordMetadata } from './record.js';
import { runningStatus } from './spec-support/running-status.js';
import { StartingEngine } from './starting-engine.js';

const record = (value: string): ProducerRecord => ({ topic: 't', value });
const metadata: RecordMetadata = {
  topic: 't',
  partition: 0,
  offset: '1',
  timestamp: 0,
  serializedKeySize: -1,
  serializedValueSize: 1,
};

function setUp() {
  const calls: string[] = [];
  const lines: string[] = [];
  let requests = 0;
  const starting = new StartingEngine(
    () => void (requests += 1),
    {
      ...silentLog,
      error: (line) => void lines.push(line),
    },
    runningStatus(),
  );
  const engine: ProducerEngineApi = {
    start: () => Promise.resolve(),
    send: (given) => {
      calls.push(`send ${String(given.value)}`);
      return Promise.resolve(metadata);
    },
    sendWithCallback: (given, callback) => {
      calls.push(`callback ${String(given.value)}`);
      callback(null, metadata);
    },
    flush: () => {
      calls.push('flush');
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
    partitionsFor: (topic) => {
      calls.push(`partitionsFor ${topic}`);
      return Promise.resolve([]);
    },
    metrics: () => ({}),
    status: () => runningStatus(),
    topicsInUse: () => [],
    describeTopics: () => Promise.resolve([]),
  };
  return { starting, engine, calls, lines, requests: () => requests };
}

describe('StartingEngine', () => {
  it('passes on at once, and in their order, the calls that have waited', async () => {
    const { starting, engine, calls, requests } = setUp();
    const seen: (Error | null)[] = [];
    const results = [starting.send(record('1')), starting.partitionsFor('t')];
    starting.sendWithCallback(record('2'), (error) => seen.push(error));
    const flushed = starting.flush();
    expect(requests()).toBe(4);

    starting.handOver(engine);
    expect(calls).toEqual(['send 1', 'partitionsFor t', 'callback 2', 'flush']);
    await expect(Promise.all([...results, flushed])).resolves.toEqual([metadata, [], undefined]);
    expect(seen).toEqual([null]);
  });

  it('passes on records as they were when they were sent, with the time of then', () => {
    const { starting, engine } = setUp();
    const given: ProducerRecord[] = [];
    const sent = { topic: 't', value: { count: 1 } };
    void starting.send(sent);
    starting.sendWithCallback(sent, () => undefined);
    sent.value.count = 2;
    const changedAt = Date.now();

    starting.handOver({
      ...engine,
      send: (one) => {
        given.push(one);
        return Promise.resolve(metadata);
      },
      sendWithCallback: (one) => void given.push(one),
    });
    expect(given.map(({ value }) => value)).toEqual([{ count: 1 }, { count: 1 }]);
    for (const { timestamp } of given) expect(Number(timestamp)).toBeLessThanOrEqual(changedAt);
  });

  it('passes on what a callback sends behind all that was called before it', async () => {
    const { starting, engine, calls } = setUp();
    let flushed: Promise<void> | undefined;
    starting.sendWithCallback(record('1'), () =>
      starting.sendWithCallback(record('from the callback'), () => undefined),
    );
    starting.sendWithCallback(record('2'), () => undefined);
    starting.sendWithCallback(record('3'), () => {
      flushed = starting.flush();
    });

    starting.handOver(engine);
    expect(calls).toEqual(['callback 1', 'callback 2', 'callback 3', 'callback from the callback', 'flush']);
    await flushed;
  });

  it('leaves a flush to the engine also when a callback of the last one asks for it', async () => {
    const { starting, engine, calls } = setUp();
    let flushed: Promise<void> | undefined;
    starting.sendWithCallback(record('1'), () => {
      flushed = starting.flush();
    });

    starting.handOver(engine);
    expect(calls).toEqual(['callback 1', 'flush']);
    await flushed;
  });

  it('does not ask for a start when there is nothing to flush', async () => {
    const { starting, requests } = setUp();
    await starting.flush();

    expect(requests()).toBe(0);
  });

  it('survives a callback that throws, and does not repeat what it says', () => {
    const { starting, lines } = setUp();
    const seen: string[] = [];
    starting.sendWithCallback(record('1'), () => {
      throw new Error('secret');
    });
    starting.sendWithCallback(record('2'), (error) => seen.push(String(error?.message)));
    starting.fail(new Error('down'));

    expect(seen).toEqual(['down']);
    expect(lines).toEqual([expect.stringContaining('callback has thrown')]);
    expect(lines.join('')).not.toContain('secret');
  });

  it.each([undefined, null, 5, {}])('fails %p like a record, without throwing', (given) => {
    const { starting } = setUp();
    const seen: RecordMetadata[] = [];
    starting.sendWithCallback(given as never, (_error, failed) => seen.push(failed));
    starting.fail(new Error('down'));

    expect(seen).toEqual([expect.objectContaining({ topic: '', partition: -1, offset: '-1' })]);
  });

  it('lets no more calls wait than memory can bear', async () => {
    const { starting } = setUp();
    const waiting = Array.from({ length: 10_000 }, () => starting.send(record('v')).catch(() => 'failed at the end'));

    await expect(starting.send(record('v'))).rejects.toMatchObject({ name: 'BufferExhaustedError', retriable: true });
    starting.fail(new Error('down'));
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['failed at the end']));
  });

  it('keeps the first reason it failed for', async () => {
    const { starting } = setUp();
    starting.fail(new Error('no broker'));
    await starting.close();

    await expect(starting.send(record('v'))).rejects.toThrow('no broker');
  });
});
