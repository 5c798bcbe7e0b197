import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { IsolationLevel } from '../../lib/consumer/consumer-config.js';
import { sharedCluster, uniqueTopic } from '../support/broker.js';
import { committedRecords } from '../support/open-transactions.js';
import { TestTransactionalEngine } from '../support/test-transactional-engine.js';
import { readByKafkaJs, readByUs } from './clients.js';
import { JavaClient } from './java-client.js';
import type { PlainRecord } from './plain-record.js';

const LIMIT_MS = 120_000;
const cluster = sharedCluster();

/** What each transaction writes, and how it ends; the last one stays open. */
const TRANSACTIONS = [
  { values: ['a', 'b'], outcome: 'commit' },
  { values: ['c', 'd'], outcome: 'abort' },
  { values: ['e'], outcome: 'commit' },
  { values: ['f'], outcome: 'abort' },
  { values: ['g', 'h'], outcome: 'commit' },
  { values: ['i'], outcome: 'none' },
] as const;
const VISIBLE: Readonly<Record<IsolationLevel, readonly string[]>> = {
  read_committed: ['a', 'b', 'e', 'g', 'h'],
  read_uncommitted: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'],
};
const LEVELS: readonly IsolationLevel[] = ['read_committed', 'read_uncommitted'];

async function newTopic(name: string): Promise<string> {
  const topic = uniqueTopic(name);
  await cluster.createTopic(topic, { partitions: 1 });
  return topic;
}

function recordOf(value: string): PlainRecord {
  return { key: null, value: Buffer.from(value), headers: [], timestamp: 1_700_000_000_000 };
}

function valuesOf(records: readonly PlainRecord[]): string[] {
  return records.map(({ value }) => String(value));
}

describe('transactions', () => {
  let java: JavaClient;

  beforeAll(async () => {
    java = await JavaClient.start();
  });

  afterAll(() => java[Symbol.asyncDispose]());

  it(
    'of this library are seen by Java and kafkajs as their isolation says',
    async () => {
      const topic = await newTopic('ours-transactions');
      await using engine = await TestTransactionalEngine.start({
        client: cluster.clientConfig(),
        transactionalId: topic,
      });
      for (const { outcome, values } of TRANSACTIONS) {
        engine.beginTransaction();
        await Promise.all(values.map((value) => engine.send({ topic, value })));
        if (outcome === 'commit') await engine.commitTransaction();
        if (outcome === 'abort') await engine.abortTransaction();
      }
      for (const level of LEVELS) {
        const expected = VISIBLE[level];
        expect([level, valuesOf(await java.read(topic, level))]).toEqual([level, expected]);
        expect([level, valuesOf(await readByKafkaJs(topic, expected.length, level))]).toEqual([level, expected]);
      }
    },
    LIMIT_MS,
  );

  it(
    'of Java are seen by this library as its isolation says',
    async () => {
      const topic = await newTopic('java-transactions');
      for (const { outcome, values } of TRANSACTIONS) {
        await java.transact(topic, topic, outcome, values.map(recordOf));
      }
      for (const level of LEVELS) {
        const expected = VISIBLE[level];
        expect([level, valuesOf(await readByUs(topic, expected.length, level))]).toEqual([level, expected]);
      }
    },
    LIMIT_MS,
  );

  it(
    'of kafkajs are seen by this library as its isolation says',
    async () => {
      const topic = await newTopic('kafkajs-transactions');
      const producer = cluster.kafkaJs().producer({ transactionalId: topic, idempotent: true, maxInFlightRequests: 1 });
      await producer.connect();
      const open: { abort(): Promise<void> }[] = [];
      for (const { outcome, values } of TRANSACTIONS) {
        const transaction = await producer.transaction();
        await transaction.send({ topic, messages: values.map((value) => ({ value })) });
        if (outcome === 'commit') await transaction.commit();
        if (outcome === 'abort') await transaction.abort();
        if (outcome === 'none') open.push(transaction);
      }
      for (const level of LEVELS) {
        const expected = VISIBLE[level];
        expect([level, valuesOf(await readByUs(topic, expected.length, level))]).toEqual([level, expected]);
      }
      for (const transaction of open) await transaction.abort();
      await producer.disconnect();
    },
    LIMIT_MS,
  );

  it(
    'under one id pass from Java to this library, which fences the open one, and back',
    async () => {
      const topic = await newTopic('passed-on');
      await java.transact(topic, topic, 'none', [recordOf('lost')]);
      await using engine = await TestTransactionalEngine.start({
        client: cluster.clientConfig(),
        transactionalId: topic,
      });
      await engine.commitRecords(topic, ['kept']);
      await expect(java.transact(topic, topic, 'commit', [recordOf('late')])).rejects.toThrow(
        /Fenced|transaction already in progress|Invalid/,
      );
      await committedRecords(cluster, topic);
      expect(valuesOf(await java.read(topic, 'read_committed'))).toEqual(['kept']);
    },
    LIMIT_MS,
  );
});
