import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { KafkaTestCluster } from '../../lib/testing/index.js';
import { DeliveryCheck } from '../support/delivery-check.js';
import { summary, violations, type DeliveryReport } from '../support/delivery-report.js';
import { createRandom, type Random } from '../support/random.js';
import { TestEngine } from '../support/test-engine.js';

const BROKERS = [1, 2, 3];
const SAFE_TOPIC = { partitions: 6, replicationFactor: 3, configs: { 'min.insync.replicas': '2' } };
const PAUSE_MS = 5_000;

describe('a producer while brokers fail', () => {
  let cluster: KafkaTestCluster;
  let random: Random;

  beforeAll(async () => {
    random = createRandom();
    cluster = await KafkaTestCluster.start({ brokers: 3 });
  }, 120_000);

  afterAll(() => cluster.stop(), 30_000);

  async function deliver(topic: string, producer: object, faults: () => Promise<unknown>): Promise<DeliveryReport> {
    await cluster.createTopic(topic, SAFE_TOPIC);
    await using engine = await TestEngine.start({ client: cluster.clientConfig(), producer });
    const check = new DeliveryCheck({ topic, random });

    await check.underLoad(engine, faults);
    await cluster.waitUntilHealthy();

    const report = await check.verify(cluster);
    process.stderr.write(`${topic}: ${summary(report)}\n`);
    return report;
  }

  async function pauseEach(): Promise<void> {
    for (const nodeId of BROKERS) {
      await cluster.broker(nodeId).pause();
      await delay(PAUSE_MS);
      await cluster.broker(nodeId).resume();
      await cluster.waitUntilHealthy();
    }
  }

  it('stores every record once and in order while each broker is killed and restarted', async () => {
    const report = await deliver('killed', {}, async () => {
      for (const nodeId of BROKERS) {
        await cluster.broker(nodeId).kill();
        await delay(random.integer(500, 2_000));
        await cluster.broker(nodeId).restart();
        await cluster.waitUntilHealthy();
      }
    });
    expect(violations(report)).toEqual([]);
  }, 180_000);

  it('stores every record once and in order while all brokers are restarted one after the other', async () => {
    const report = await deliver('rolled', {}, async () => {
      for (const nodeId of BROKERS) {
        await cluster.broker(nodeId).terminate();
        await cluster.broker(nodeId).restart();
        await cluster.waitUntilHealthy();
      }
    });
    expect(violations(report)).toEqual([]);
  }, 180_000);

  it('stores every record once and in order when all brokers are killed at once and started again', async () => {
    const report = await deliver('all-killed', {}, async () => {
      await Promise.all(BROKERS.map((nodeId) => cluster.broker(nodeId).kill()));
      await delay(random.integer(500, 2_000));
      for (const nodeId of BROKERS) cluster.broker(nodeId).start();
      await cluster.waitUntilHealthy(60_000);
    });
    expect(violations(report)).toEqual([]);
  }, 180_000);

  it('stores every record once and in order while each broker is paused for longer than requests may take', async () => {
    const report = await deliver('paused', { requestTimeoutMs: 2_000 }, () => pauseEach());
    expect(violations(report)).toEqual([]);
  }, 180_000);

  it('stores every record once and in order while each broker is paused and requests wait for it', async () => {
    const report = await deliver('waited-for', {}, () => pauseEach());
    expect(violations(report)).toEqual([]);
  }, 180_000);
});
