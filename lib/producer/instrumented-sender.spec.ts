import { describe, expect, it } from '@jest/globals';
import { InstrumentationChain } from '../instrumentation/instrumentation-chain.js';
import type { KafkaInstrumentation } from '../instrumentation/kafka-instrumentation.js';
import { silentLog } from '../wire/log-sink.js';
import { InstrumentedSender } from './instrumented-sender.js';
import type { RecordSender } from './producer-transactions.js';
import type { ProducerRecord, RecordMetadata } from './record.js';

const RECORD: ProducerRecord = { topic: 'orders', value: 'v' };
const METADATA: RecordMetadata = {
  topic: 'orders',
  partition: 1,
  offset: '5',
  timestamp: 0,
  serializedKeySize: -1,
  serializedValueSize: 1,
};
const BOOM = new Error('boom');

interface SetUp {
  readonly sender: InstrumentedSender;
  readonly sent: ProducerRecord[];
  readonly ended: unknown[];
}

/** Over a sender that succeeds, or fails. */
async function setUp(failure: Error | null, inTransaction = false, isReady = true): Promise<SetUp> {
  const sent: ProducerRecord[] = [];
  const ended: unknown[] = [];
  const below: RecordSender = {
    send: (record) => {
      sent.push(record);
      return failure === null ? Promise.resolve(METADATA) : Promise.reject(failure);
    },
    sendWithCallback: (record, callback) => {
      sent.push(record);
      callback(failure, METADATA);
    },
    flush: () => Promise.resolve(),
    ...(inTransaction ? { track: (call: Promise<unknown>) => void call.catch(() => undefined) } : {}),
  };
  const instrumentation: KafkaInstrumentation = {
    sendStarted: ({ clientId, record }) => ({
      record: { ...record, headers: { by: clientId } },
      ended: (...outcome) => void ended.push(outcome),
    }),
  };
  const chain = new InstrumentationChain(Promise.resolve([instrumentation]), silentLog);
  if (isReady) await chain.ready;
  return { sender: new InstrumentedSender(below, chain, 'shop'), sent, ended };
}

describe('InstrumentedSender', () => {
  it('sends what the instrumentation has made of the record, and tells it where that is stored', async () => {
    const { ended, sender, sent } = await setUp(null);
    await expect(sender.send(RECORD)).resolves.toBe(METADATA);
    sender.sendWithCallback(RECORD, () => undefined);
    expect(sent).toEqual([1, 2].map(() => ({ ...RECORD, headers: { by: 'shop' } })));
    expect(ended).toEqual([1, 2].map(() => [METADATA, null]));
  });

  it('tells of failures before the caller learns of them', async () => {
    const { ended, sender } = await setUp(BOOM);
    await expect(sender.send(RECORD)).rejects.toBe(BOOM);
    expect(ended).toEqual([[null, BOOM]]);
    sender.sendWithCallback(RECORD, (error) => ended.push(error));
    expect(ended.slice(1)).toEqual([[METADATA, BOOM], BOOM]);
  });

  // An unhandled rejection would fail the test.
  it('leaves a failure that nobody awaits to the transaction, which reports it', async () => {
    const { ended, sender } = await setUp(BOOM, true);
    void sender.send(RECORD);
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toEqual([[null, BOOM]]);
  });

  it('sends in the order of the calls while instrumentations are still made', async () => {
    const { ended, sender, sent } = await setUp(null, false, false);
    const calls = [sender.send({ ...RECORD, value: 1 })];
    sender.sendWithCallback({ ...RECORD, value: 2 }, () => undefined);
    calls.push(sender.send({ ...RECORD, value: 3 }));
    const flushed = sender.flush();
    expect(sent).toEqual([]);
    await Promise.all([...calls, flushed]);
    expect(sent.map(({ value }) => value)).toEqual([1, 2, 3]);
    expect(ended).toHaveLength(3);
  });

  it('sends records as they were when they were sent while instrumentations were still made', async () => {
    const { sender, sent } = await setUp(null, false, false);
    const record = { ...RECORD, value: { count: 1 } };
    const calls = [sender.send(record)];
    calls.push(new Promise((resolve) => sender.sendWithCallback(record, (_, stored) => resolve(stored))));
    record.value.count = 2;
    await Promise.all(calls);
    expect(sent.map(({ value }) => value)).toEqual([{ count: 1 }, { count: 1 }]);
    for (const { timestamp } of sent) expect(timestamp).toEqual(expect.any(Number));
  });

  it('tracks calls where its sender does', async () => {
    expect((await setUp(null)).sender.track).toBeUndefined();
    expect((await setUp(null, true)).sender.track).toBeDefined();
  });
});
