import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { KafkaTestCluster, waitUntil } from '../../lib/testing/index.js';
import { openPartitions } from '../support/open-transactions.js';
import { TransactionProcess } from '../support/transaction-process.js';

const TRANSACTION_TIMEOUT_MS = 3_000;
/** The broker looks for transactions that are too old every half second. */
const BROKER_ABORTS_WITHIN_MS = TRANSACTION_TIMEOUT_MS + 5_000;
const FENCED = { error: { name: 'ProducerFencedError' }, state: 'fatal' };
const DONE = { error: null, state: 'ready' };

describe.each(['4.3.1', '3.9.1'])(
  'a producer that is not alone with its transactional id, Kafka %s',
  (kafkaVersion) => {
    let cluster: KafkaTestCluster;
    let topics = 0;
    let topic: string;

    beforeAll(async () => {
      cluster = await KafkaTestCluster.start({ kafkaVersion, bootstrapServers: [] });
    }, 120_000);

    afterAll(() => cluster.stop(), 30_000);

    beforeEach(async () => {
      topic = `zombie-${++topics}`;
      await cluster.createTopic(topic, { partitions: 2 });
    });

    async function startProcess(): Promise<TransactionProcess> {
      const process = await TransactionProcess.start({
        client: cluster.clientConfig(),
        transactionalId: `id-${topic}`,
        producer: { transactionTimeoutMs: TRANSACTION_TIMEOUT_MS, maxBlockMs: 10_000 },
      });
      expect(await process.initialize()).toMatchObject(DONE);
      return process;
    }

    async function visible(): Promise<string[]> {
      const records = await cluster.readTopic(topic, { isolation: 'read_committed' });
      return records.map(({ value }) => String(value)).toSorted();
    }

    /** Until nothing holds up the readers. */
    async function noneOpen(limitMs = 5_000): Promise<void> {
      await waitUntil('the end of every transaction', limitMs, async () => {
        return (await openPartitions(cluster, topic)).length === 0;
      });
    }

    it('adds nothing after a pause in which another process has taken over', async () => {
      await using older = await startProcess();
      expect(await older.run(topic, ['a', 'b'])).toMatchObject(DONE);
      await older.begin();
      await older.send(topic, ['never', 'never']);
      older.pause();
      await noneOpen(BROKER_ABORTS_WITHIN_MS);
      await using newer = await startProcess();
      expect(await newer.run(topic, ['c', 'd'])).toMatchObject(DONE);
      older.resume();

      expect(await older.commit()).toMatchObject(FENCED);
      expect(await older.begin()).toMatchObject(FENCED);
      expect(await older.send(topic, ['late', 'late'])).toMatchObject(FENCED);
      expect(await older.initialize()).toMatchObject(FENCED);
      expect(await newer.run(topic, ['e', 'f'])).toMatchObject(DONE);
      await noneOpen();
      expect(await visible()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    }, 60_000);

    it('adds nothing to a transaction that another process runs when it wakes up', async () => {
      await using older = await startProcess();
      await older.begin();
      await older.send(topic, ['never', 'never']);
      older.pause();
      await using newer = await startProcess();
      await newer.begin();
      await newer.send(topic, ['a', 'b']);
      older.resume();

      expect((await older.send(topic, ['late', 'late'])).error).not.toBeNull();
      expect(await older.abort()).toMatchObject(FENCED);
      expect(await newer.commit()).toMatchObject(DONE);
      await noneOpen();
      expect(await visible()).toEqual(['a', 'b']);
    }, 60_000);

    it('learns after a pause that the broker has aborted its transaction, and goes on with the next one', async () => {
      await using process = await startProcess();
      await process.begin();
      await process.send(topic, ['never', 'never']);
      process.pause();
      await noneOpen(BROKER_ABORTS_WITHIN_MS);
      process.resume();

      expect(await process.commit()).toMatchObject({ error: { name: 'TransactionAbortedError' } });
      expect(await process.initialize()).toMatchObject(DONE);
      expect(await process.run(topic, ['a', 'b'])).toMatchObject(DONE);
      await process.begin();
      await process.send(topic, ['never', 'never']);
      process.pause();
      await noneOpen(BROKER_ABORTS_WITHIN_MS);
      process.resume();
      expect((await process.send(topic, ['late', 'late'])).error).not.toBeNull();
      expect(await process.abort()).toMatchObject(DONE);
      expect(await process.run(topic, ['c', 'd'])).toMatchObject(DONE);
      await noneOpen();
      expect(await visible()).toEqual(['a', 'b', 'c', 'd']);
    }, 60_000);

    it.each(['commit', 'abort'] as const)(
      'is fenced when another process has taken over and then %ss a transaction',
      async (end) => {
        await using older = await startProcess();
        expect(await older.run(topic, ['a', 'b'])).toMatchObject(DONE);
        await using newer = await startProcess();
        await newer.begin();
        await newer.send(topic, [end, end]);
        expect(await newer[end]()).toMatchObject(DONE);
        await noneOpen();

        expect(await older.run(topic, ['late', 'late'])).toMatchObject(FENCED);
        expect(await newer.run(topic, ['c', 'd'])).toMatchObject(DONE);
        await noneOpen();
        expect(await visible()).toEqual(['a', 'b', 'c', ...(end === 'commit' ? [end, end] : []), 'd']);
      },
      60_000,
    );

    it('is fenced when another process has taken over and has sent nothing yet', async () => {
      await using older = await startProcess();
      await using newer = await startProcess();

      expect(await older.run(topic, ['late', 'late'])).toMatchObject(FENCED);
      expect(await newer.run(topic, ['a', 'b'])).toMatchObject(DONE);
      expect(await visible()).toEqual(['a', 'b']);
    }, 60_000);

    it('lets the newest of several processes alone go on', async () => {
      await using first = await startProcess();
      await using second = await startProcess();
      await using third = await startProcess();

      expect(await first.run(topic, ['1', '1'])).toMatchObject(FENCED);
      expect(await second.run(topic, ['2', '2'])).toMatchObject(FENCED);
      expect(await third.run(topic, ['3', '3'])).toMatchObject(DONE);
      expect(await visible()).toEqual(['3', '3']);
    }, 60_000);
  },
);
