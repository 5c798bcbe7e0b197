import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { KafkaTestCluster, waitUntil } from '../../lib/testing/index.js';
import { createRandom, type Random } from '../support/random.js';
import { TransactionCheck, type TransactionReport, type WrittenTransaction } from '../support/transaction-check.js';
import { ProducerTarget } from '../support/producer-target.js';
import { groupOf, TransactionWriter } from '../support/transaction-writer.js';
import { TransactionWriterProcess } from '../support/transaction-writer-process.js';

const BROKERS = [1, 2, 3];
const PARTITIONS = 4;
const RECORDS = 3;
const SAFE_TOPIC = { partitions: PARTITIONS, replicationFactor: 3, configs: { 'min.insync.replicas': '2' } };
const CALLERS = 4;
const KILLS = 8;

interface Limits {
  readonly maxUnknown: number;
  /** The longest that a transaction may take, and that nothing may move. */
  readonly stallMs: number;
}

interface FaultsReport extends TransactionReport {
  readonly isUnknownTooOften: boolean;
  readonly hasStalled: boolean;
}

const GOOD = { violations: [], isUnknownTooOften: false, hasStalled: false };

describe.each(['4.3.1', '3.9.1'])('transactions while brokers of Kafka %s fail', (kafkaVersion) => {
  let cluster: KafkaTestCluster;
  let random: Random;
  let directory: string;

  beforeAll(async () => {
    random = createRandom();
    directory = await mkdtemp(join(tmpdir(), 'transactions-'));
    cluster = await KafkaTestCluster.start({ brokers: 3, kafkaVersion, bootstrapServers: [] });
  }, 120_000);

  afterAll(async () => {
    await cluster.stop();
    await rm(directory, { recursive: true });
  }, 30_000);

  /** Several callers of one application, so that each broker is the coordinator of one of its transactional ids. */
  async function underFaults(
    topic: string,
    faults: (progress: () => Promise<void>) => Promise<void>,
    { maxUnknown, stallMs }: Limits,
  ): Promise<FaultsReport> {
    await cluster.createTopic(topic, SAFE_TOPIC);
    await using target = await ProducerTarget.start({
      client: cluster.clientConfig(),
      transactionalIdPrefix: `${topic}-`,
      poolSize: CALLERS,
    });
    const callers = Array.from({ length: CALLERS }, (_, index) => {
      const name = `${topic}-${index}`;
      return new TransactionWriter({ name, topic, partitions: PARTITIONS, records: RECORDS, random });
    });
    const running = Promise.all(callers.map((caller) => caller.write(target)));
    /** Until every caller has committed some more. */
    const progress = async (): Promise<void> => {
      const goals = callers.map(({ committed }) => committed + 10);
      await waitUntil('10 more transactions of each caller', stallMs, () =>
        callers.every(({ committed }, index) => committed >= (goals[index] ?? 0)),
      );
    };
    try {
      await progress();
      await faults(progress);
      await progress();
    } catch (error) {
      process.stderr.write(`${kafkaVersion} ${topic} waits for:\n${target.pendingWork.join('\n')}\n`);
      throw error;
    } finally {
      for (const caller of callers) caller.stop();
      await running;
    }
    await cluster.waitUntilHealthy();
    const report = await verify(
      topic,
      callers.flatMap(({ transactions }) => transactions),
      true,
    );
    const slowestMs = Math.max(...callers.map((caller) => caller.slowestMs));
    const failures = callers.map((caller) => caller.failures);
    process.stderr.write(`${kafkaVersion} ${topic}: ${JSON.stringify({ ...report, slowestMs, failures })}\n`);
    return {
      ...report,
      isUnknownTooOften: report.unknown > maxUnknown,
      hasStalled: slowestMs > stallMs,
    };
  }

  function verify(
    topic: string,
    transactions: readonly WrittenTransaction[],
    unknownMayBeLate: boolean,
  ): Promise<TransactionReport> {
    const options = { topic, partitions: PARTITIONS, records: RECORDS, unknownMayBeLate };
    return new TransactionCheck(cluster, options).verify(transactions, groupOf);
  }

  it('shows every committed transaction whole, in order and once while each broker is killed and restarted', async () => {
    const report = await underFaults(
      'killed',
      async (progress) => {
        for (const nodeId of BROKERS) {
          await cluster.broker(nodeId).kill();
          await delay(random.integer(500, 4_000));
          await cluster.broker(nodeId).restart();
          await cluster.waitUntilHealthy();
          await progress();
        }
      },
      { maxUnknown: CALLERS * BROKERS.length, stallMs: 15_000 },
    );
    expect(report).toMatchObject(GOOD);
  }, 240_000);

  it('shows every committed transaction whole, in order and once while each broker is paused', async () => {
    const report = await underFaults(
      'paused',
      async (progress) => {
        for (const nodeId of BROKERS) {
          await cluster.broker(nodeId).pause();
          await delay(random.integer(5_000, 12_000));
          await cluster.broker(nodeId).resume();
          await cluster.waitUntilHealthy();
          await progress();
        }
      },
      { maxUnknown: CALLERS * BROKERS.length, stallMs: 20_000 },
    );
    expect(report).toMatchObject(GOOD);
  }, 240_000);

  it('shows every committed transaction whole, in order and once while all brokers are restarted in turn', async () => {
    const report = await underFaults(
      'rolled',
      async (progress) => {
        for (const nodeId of BROKERS) {
          await cluster.broker(nodeId).terminate();
          await cluster.broker(nodeId).restart();
          await cluster.waitUntilHealthy();
          await progress();
        }
      },
      { maxUnknown: 0, stallMs: 15_000 },
    );
    expect(report).toMatchObject(GOOD);
  }, 240_000);

  it('shows every committed transaction whole, in order and once while the coordinator is killed and paused', async () => {
    const topic = 'coordinator';
    const rounds = 4;
    const report = await underFaults(
      topic,
      async (progress) => {
        for (let round = 0; round < rounds; round++) {
          const coordinator = cluster.broker(await cluster.coordinatorOf('transaction', `${topic}-0`));
          await (round % 2 === 0 ? coordinator.kill() : coordinator.pause());
          await delay(random.integer(500, 6_000));
          await (round % 2 === 0 ? coordinator.restart() : coordinator.resume());
          await cluster.waitUntilHealthy();
          await progress();
        }
      },
      { maxUnknown: CALLERS * rounds, stallMs: 15_000 },
    );
    expect(report).toMatchObject(GOOD);
  }, 240_000);

  it('shows every committed transaction whole, in order and once while its process is killed and started again', async () => {
    const topic = 'writer-killed';
    await cluster.createTopic(topic, SAFE_TOPIC);
    const writer = new TransactionWriterProcess({
      client: cluster.clientConfig(),
      name: topic,
      topic,
      partitions: PARTITIONS,
      records: RECORDS,
      seed: random.seed,
      file: join(directory, 'transactions.jsonl'),
    });
    for (let kill = 1; kill <= KILLS; kill++) {
      const goal = writer.committed + random.integer(1, 30);
      await writer.start();
      await waitUntil('more transactions', 20_000, () => writer.committed >= goal, 5);
      await writer.kill();
    }
    await writer.start();
    const last = writer.committed + 10;
    await waitUntil('more transactions', 20_000, () => writer.committed >= last);
    await writer.stop();

    const report = await verify(topic, writer.transactions, false);
    process.stderr.write(`${kafkaVersion} ${topic}: ${JSON.stringify(report)}\n`);
    expect(report.violations).toEqual([]);
    expect(report.unknown).toBeLessThanOrEqual(KILLS);
  }, 240_000);
});
