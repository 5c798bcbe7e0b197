import { describe, expect, it, jest } from '@jest/globals';
import { CompressionTypes, Partitioners, type Producer } from '../../lib/wire/kafkajs.js';
import { sharedCluster, uniqueTopic } from '../support/broker.js';

// The large topic takes its time on a busy machine.
jest.setTimeout(30_000);

const createPartitioner = Partitioners.DefaultPartitioner;

async function withProducer(
  settings: { readonly transactionalId?: string },
  work: (producer: Producer) => Promise<void>,
): Promise<void> {
  const idempotence = settings.transactionalId === undefined ? {} : { idempotent: true, maxInFlightRequests: 1 };
  const producer = sharedCluster()
    .kafkaJs()
    .producer({ ...settings, ...idempotence, createPartitioner });
  await producer.connect();
  try {
    await work(producer);
  } finally {
    await producer.disconnect();
  }
}

async function transact(producer: Producer, topic: string, values: readonly string[], end: 'commit' | 'abort') {
  const transaction = await producer.transaction();
  await transaction.send({ topic, messages: values.map((value) => ({ value })) });
  await (end === 'commit' ? transaction.commit() : transaction.abort());
}

describe('readTopic', () => {
  it('shows keys, values, headers and timestamps as they are stored, nulls and empty values apart', async () => {
    const topic = uniqueTopic('read');
    await sharedCluster().createTopic(topic);
    await withProducer({}, async (producer) => {
      await producer.send({
        topic,
        messages: [
          { key: 'k', value: 'v', timestamp: '1700000000123', headers: { a: 'x', b: ['1', '2'], __proto__x: '' } },
          { key: null, value: null, timestamp: '1700000000456' },
          { key: '', value: '', timestamp: '1700000000000' },
        ],
      });
    });

    const records = await sharedCluster().readTopic(topic);

    expect(records.map(({ offset }) => offset)).toEqual(['0', '1', '2']);
    expect(records.map(({ timestamp }) => timestamp)).toEqual([1700000000123, 1700000000456, 1700000000000]);
    expect(records.map(({ key }) => key?.toString())).toEqual(['k', undefined, '']);
    expect(records.map(({ value }) => value?.toString())).toEqual(['v', undefined, '']);
    expect(records[0]?.headers.map(({ key, value }) => [key, value?.toString()])).toEqual([
      ['a', 'x'],
      ['b', '1'],
      ['b', '2'],
      ['__proto__x', ''],
    ]);
    expect(records[0]).toMatchObject({ producerId: '-1', sequence: -1, isTransactional: false });
  });

  it('reads every record of a topic that takes many fetches, once and in order', async () => {
    const topic = uniqueTopic('large');
    await sharedCluster().createTopic(topic, { partitions: 3 });
    const perBatch = 2_000;
    const batches = 20;
    await withProducer({}, async (producer) => {
      for (let batch = 0; batch < batches; batch++) {
        const messages = Array.from({ length: perBatch }, (_, i) => {
          const index = batch * perBatch + i;
          return { value: `${index}:${'x'.repeat(300)}`, partition: index % 3 };
        });
        await producer.send({ topic, messages });
      }
    });

    const records = await sharedCluster().readTopic(topic);

    const numbers = records.map(({ value }) => Number.parseInt(value?.toString() ?? '', 10));
    const expected = [0, 1, 2].flatMap((partition) =>
      Array.from({ length: perBatch * batches }, (_, i) => i).filter((i) => i % 3 === partition),
    );
    expect(numbers).toEqual(expected);
  });

  it('decompresses what was sent compressed', async () => {
    const topic = uniqueTopic('gzip');
    await sharedCluster().createTopic(topic);
    const messages = Array.from({ length: 100 }, (_, i) => ({ value: `value ${i}` }));
    await withProducer({}, async (producer) => {
      await producer.send({ topic, messages, compression: CompressionTypes.GZIP });
    });
    const records = await sharedCluster().readTopic(topic);
    expect(records.map(({ value }) => value?.toString())).toEqual(messages.map(({ value }) => value));
  });

  it('leaves out aborted records and transaction markers when it reads committed records only', async () => {
    const topic = uniqueTopic('transactional');
    await sharedCluster().createTopic(topic);
    await withProducer({ transactionalId: topic }, async (producer) => {
      await transact(producer, topic, ['a1', 'a2'], 'commit');
      await transact(producer, topic, ['b1', 'b2', 'b3'], 'abort');
      await transact(producer, topic, ['c1'], 'commit');
    });
    const valuesAt = async (isolation: 'read_committed' | 'read_uncommitted') =>
      (await sharedCluster().readTopic(topic, { isolation })).map(({ value }) => value?.toString());

    expect(await valuesAt('read_committed')).toEqual(['a1', 'a2', 'c1']);
    expect(await valuesAt('read_uncommitted')).toEqual(['a1', 'a2', 'b1', 'b2', 'b3', 'c1']);
    const [first] = await sharedCluster().readTopic(topic);
    expect(first).toMatchObject({ isTransactional: true, sequence: 0 });
    expect(Number(first?.producerId)).toBeGreaterThanOrEqual(0);
  });

  it('stops before an open transaction when it reads committed records only', async () => {
    const topic = uniqueTopic('open');
    await sharedCluster().createTopic(topic);
    await withProducer({ transactionalId: topic }, async (producer) => {
      await transact(producer, topic, ['before'], 'commit');
      const open = await producer.transaction();
      await open.send({ topic, messages: [{ value: 'open' }] });
      const committed = await sharedCluster().readTopic(topic, { isolation: 'read_committed' });
      expect(committed.map(({ value }) => value?.toString())).toEqual(['before']);
      await open.abort();
    });
  });

  it('is empty for an empty topic, and names a topic that is not there', async () => {
    const topic = uniqueTopic('empty');
    await sharedCluster().createTopic(topic);
    expect(await sharedCluster().readTopic(topic)).toEqual([]);
    const absent = uniqueTopic('absent');
    await expect(sharedCluster().readTopic(absent, { limitMs: 300 })).rejects.toThrow(absent);
  });
});
