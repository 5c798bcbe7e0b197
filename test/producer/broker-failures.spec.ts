import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProducerOptions } from '../../lib/producer/producer-options.js';
import { KafkaTestCluster } from '../../lib/testing/index.js';
import { DeliveryCheck } from '../support/delivery-check.js';
import { violations, type DeliveryReport } from '../support/delivery-report.js';
import { createRandom, type Random } from '../support/random.js';
import { TestEngine } from '../support/test-engine.js';

const SAFE_TOPIC = { partitions: 6, replicationFactor: 3, configs: { 'min.insync.replicas': '2' } };

/** The short form of test/faults/broker-failures.spec.ts. */
describe('a producer while a broker of three fails', () => {
  let cluster: KafkaTestCluster;
  let random: Random;

  beforeAll(async () => {
    random = createRandom();
    cluster = await KafkaTestCluster.start({ brokers: 3, bootstrapServers: [] });
  }, 120_000);

  afterAll(() => cluster.stop(), 30_000);

  async function deliver(
    topic: string,
    producer: ProducerOptions,
    fault: () => Promise<void>,
  ): Promise<DeliveryReport> {
    await cluster.createTopic(topic, SAFE_TOPIC);
    await using engine = await TestEngine.start({ client: cluster.clientConfig(), producer });
    const check = new DeliveryCheck({ topic, random, rate: 2_000 });

    await check.underLoad(engine, fault);
    await cluster.waitUntilHealthy();

    const report = await check.verify(cluster);
    return report;
  }

  it('stores every record once and in order when it is killed and restarted', async () => {
    const report = await deliver('killed', {}, async () => {
      const broker = cluster.broker(random.integer(1, 3));
      await broker.kill();
      await delay(random.integer(100, 1_000));
      await broker.restart();
    });
    expect(violations(report)).toEqual([]);
  }, 60_000);

  it('stores every record once and in order when it is paused', async () => {
    const report = await deliver('paused', { requestTimeoutMs: 1_000 }, async () => {
      const broker = cluster.broker(random.integer(1, 3));
      await broker.pause();
      await delay(random.integer(1_500, 4_000));
      await broker.resume();
    });
    expect(violations(report)).toEqual([]);
  }, 60_000);
});
