import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { KafkaProducer, KafkaProducerModule, type ProducerOptions } from 'nestjs-kafka-producer';
import type { ConsumedRecord } from '../../lib/consumer/consumed-record.js';
import { createRecoveryPolicy } from '../../lib/consumer/recovery/create-recovery-policy.js';
import { DeadLetterError } from '../../lib/consumer/recovery/dead-letter-error.js';
import type { DeadLetterOptions } from '../../lib/consumer/recovery/recovery-options.js';
import type { FailedRecord, RecoveryPolicy } from '../../lib/consumer/recovery/recovery-policy.js';
import type { StoredRecord } from '../../lib/testing/index.js';
import { sharedCluster, uniqueTopic } from '../support/broker.js';
import { createRandom } from '../support/random.js';
import { RecordingLog } from '../support/recording-log.js';
import { committedRecords } from '../support/open-transactions.js';

const cluster = sharedCluster();
const random = createRandom();
const PARTITIONS = 3;
/** Above what a small topic takes, with all headers of a dead letter. */
const SMALL_TOPIC_BYTES = 2_000;

const applications: INestApplicationContext[] = [];

afterEach(async () => {
  await Promise.all(applications.splice(0).map((app) => app.close()));
});

/** With serializers that would spoil bytes. */
async function startProducer(options: ProducerOptions = {}): Promise<KafkaProducer> {
  const module = KafkaProducerModule.forRoot({
    client: { brokers: cluster.bootstrapServers() },
    producer: { keySerializer: 'json', valueSerializer: 'json', lingerMs: 0, ...options },
    transactions: { transactionalIdPrefix: uniqueTopic('dead-') },
  });
  const app = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  applications.push(app);
  return app.get(KafkaProducer);
}

function recoveryOf(producer: KafkaProducer, deadLetter: DeadLetterOptions = {}): RecoveryPolicy {
  const log = new RecordingLog();
  return createRecoveryPolicy({ deadLetter }, { listenerId: 'Orders.onOrder', producerFor: () => producer, log });
}

async function topicFor(name: string, deadLetterPartitions = PARTITIONS): Promise<string> {
  const topic = uniqueTopic(name);
  await cluster.createTopic(topic, { partitions: PARTITIONS });
  await cluster.createTopic(`${topic}-dlt`, { partitions: deadLetterPartitions });
  return topic;
}

function failed(given: Partial<ConsumedRecord> & { readonly topic: string }): FailedRecord {
  const record: ConsumedRecord = {
    partition: 0,
    offset: 42n,
    timestamp: 1_700_000_000_000,
    timestampType: 'CreateTime',
    leaderEpoch: 0,
    key: null,
    value: null,
    headers: [],
    sizeInBytes: 0,
    ...given,
  };
  const error = new RangeError('out of stock');
  return { record, error, attempts: 3, firstFailedAt: 5, groupId: 'shop', listenerId: 'Orders.onOrder' };
}

function added(headers: StoredRecord['headers']): Record<string, string> {
  return Object.fromEntries(headers.map(({ key, value }) => [key, String(value)]));
}

describe('a record in its dead-letter topic', () => {
  it('is what it was, byte for byte, and tells where it comes from', async () => {
    const topic = await topicFor('orders');
    const recovery = recoveryOf(await startProducer());
    const key = Buffer.concat([Buffer.from([0, 0xff]), random.bytes(30)]);
    const headers = [
      { key: 'trace', value: random.bytes(16) },
      { key: 'empty', value: Buffer.alloc(0) },
      { key: 'trace', value: null },
      { key: 'trace', value: Buffer.from('é') },
      { key: '__proto__', value: Buffer.from('x') },
    ];
    await recovery.deadLetter(failed({ topic, partition: 2, key, value: null, headers }));

    const [stored, ...others] = await cluster.readTopic(`${topic}-dlt`);
    expect(others).toEqual([]);
    expect(stored).toMatchObject({ partition: 2, key, value: null });
    expect(stored?.headers.slice(0, headers.length)).toEqual(headers);
    expect(added(stored?.headers.slice(headers.length) ?? [])).toEqual({
      'dlt-original-topic': topic,
      'dlt-original-partition': '2',
      'dlt-original-offset': '42',
      'dlt-original-timestamp': '1700000000000',
      'dlt-consumer-group': 'shop',
      'dlt-listener': 'Orders.onOrder',
      'dlt-error-class': 'RangeError',
      'dlt-error-message': 'out of stock',
      'dlt-attempts': '3',
      'dlt-first-failed-at': '5',
    });
  });

  it('keeps its bytes with and without compression, whatever they are', async () => {
    const topic = await topicFor('orders');
    const sent = Array.from({ length: 20 }, (_, offset) =>
      failed({
        topic,
        offset: BigInt(offset),
        partition: random.integer(0, PARTITIONS - 1),
        key: random.pick([null, Buffer.alloc(0), random.bytes(random.integer(1, 50))]),
        value: random.pick([null, Buffer.alloc(0), random.bytes(random.integer(1, 5_000))]),
      }),
    );
    const recoveries = [
      recoveryOf(await startProducer()),
      recoveryOf(await startProducer({ compression: 'gzip' })),
    ] as const;
    for (const record of sent) await random.pick(recoveries).deadLetter(record);

    const place = ({ headers }: StoredRecord): string => added(headers)['dlt-original-offset'] ?? '';
    const stored = new Map((await cluster.readTopic(`${topic}-dlt`)).map((record) => [place(record), record]));
    for (const { record } of sent) {
      const { key, partition, value } = record;
      expect(stored.get(String(record.offset))).toMatchObject({ key, partition, value });
    }
    expect(stored.size).toBe(sent.length);
  });

  it('is in the one partition that there is, if there is one', async () => {
    const topic = await topicFor('orders', 1);
    const recovery = recoveryOf(await startProducer());
    await recovery.deadLetter(failed({ topic, partition: 2, key: Buffer.from('a') }));
    await recovery.deadLetter(failed({ topic, partition: 2 }));

    expect((await cluster.readTopic(`${topic}-dlt`)).map(({ partition }) => partition)).toEqual([0, 0]);
  });

  it('is visible with its transaction, and never when that aborts', async () => {
    const topic = await topicFor('orders');
    const producer = await startProducer();
    const recovery = recoveryOf(producer);
    const key = random.bytes(10);
    const headers = [
      { key: 'trace', value: Buffer.from([0xff]) },
      { key: 'trace', value: null },
    ];
    await producer.transaction(async () => {
      await recovery.deadLetter(failed({ topic, partition: 1, key, headers }));
      expect(await cluster.readTopic(`${topic}-dlt`)).toHaveLength(1);
      expect(await cluster.readTopic(`${topic}-dlt`, { isolation: 'read_committed' })).toEqual([]);
    });
    const boom = new Error('boom');
    const aborted = producer.transaction(async () => {
      await recovery.deadLetter(failed({ topic, partition: 1 }));
      throw boom;
    });
    await expect(aborted).rejects.toBe(boom);

    const [stored, ...others] = await committedRecords(cluster, `${topic}-dlt`);
    expect(others).toEqual([]);
    expect(stored).toMatchObject({ partition: 1, key, value: null, isTransactional: true });
    expect(stored?.headers.slice(0, 2)).toEqual(headers);
    expect(await cluster.readTopic(`${topic}-dlt`)).toHaveLength(2);
  });

  it('keeps its first place when it fails there again', async () => {
    const topic = await topicFor('orders');
    const parking = await topicFor('parking');
    const producer = await startProducer();
    await recoveryOf(producer).deadLetter(failed({ topic, partition: 1 }));
    const [first] = await cluster.readTopic(`${topic}-dlt`);
    if (first === undefined) throw new Error('no dead letter');
    const again = failed({ ...first, offset: BigInt(first.offset) });
    await recoveryOf(producer, { topic: parking }).deadLetter(again);

    const [stored] = await cluster.readTopic(parking);
    expect(added(stored?.headers ?? [])).toMatchObject({
      'dlt-original-topic': topic,
      'dlt-original-offset': '42',
      'dlt-source-topic': `${topic}-dlt`,
      'dlt-source-offset': first.offset,
    });
  });
});

describe('a dead-letter topic', () => {
  it('that is missing fails with the way to create it, and takes the record once it is there', async () => {
    const topic = uniqueTopic('orders');
    const recovery = recoveryOf(await startProducer({ maxBlockMs: 500 }));
    const error: unknown = await recovery.deadLetter(failed({ topic })).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(DeadLetterError);
    expect((error as Error).message).toContain(`--create --topic ${topic}-dlt`);

    await cluster.createTopic(`${topic}-dlt`, { partitions: 1 });
    await recovery.deadLetter(failed({ topic }));
    expect(await cluster.readTopic(`${topic}-dlt`)).toHaveLength(1);
  });

  it.each(['outside of a transaction', 'in a transaction'])(
    'that takes too little for all headers gets the whole record with fewer, %s',
    async (where) => {
      const topic = uniqueTopic('orders');
      await cluster.createTopic(`${topic}-dlt`, {
        partitions: 1,
        configs: { 'max.message.bytes': String(SMALL_TOPIC_BYTES) },
      });
      const producer = await startProducer();
      const recovery = recoveryOf(producer);
      const record = { ...failed({ topic, value: random.bytes(1_500) }), error: new Error('x'.repeat(5_000)) };
      const store = (): Promise<void> => recovery.deadLetter(record);
      if (where === 'in a transaction') {
        await expect(producer.transaction(store)).rejects.toThrow(DeadLetterError);
        await producer.transaction(store);
      } else {
        await store();
      }

      const stored = await committedRecords(cluster, `${topic}-dlt`);
      expect(stored.map(({ value }) => value)).toEqual([record.record.value]);
      expect(added(stored[0]?.headers ?? [])).toMatchObject({
        'dlt-original-topic': topic,
        'dlt-original-offset': '42',
        'dlt-error-class': 'Error',
      });
    },
  );

  it('that takes too little even then fails with what to raise, and holds no part of the record', async () => {
    const topic = uniqueTopic('orders');
    await cluster.createTopic(`${topic}-dlt`, {
      partitions: 1,
      configs: { 'max.message.bytes': String(SMALL_TOPIC_BYTES) },
    });
    const recovery = recoveryOf(await startProducer());

    await expect(recovery.deadLetter(failed({ topic, value: random.bytes(SMALL_TOPIC_BYTES) }))).rejects.toThrow(
      'Raise max.message.bytes',
    );
    expect(await cluster.readTopic(`${topic}-dlt`)).toEqual([]);
  });
});
