import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProducerOptions } from '../../lib/producer/producer-options.js';
import { KafkaTestCluster, type TestTopic } from '../../lib/testing/index.js';
import { DeliveryCheck, type DeliveryCheckOptions } from '../support/delivery-check.js';
import { violations } from '../support/delivery-report.js';
import { createRandom, type Random } from '../support/random.js';
import { TestEngine } from '../support/test-engine.js';

const SAFE_CONFIGS = { 'min.insync.replicas': '2' };

jest.setTimeout(60_000);

/** How records end whose delivery timeout passes, and those sent behind them whose outcome is lost with theirs. */
const GIVEN_UP = ['DeliveryTimeoutError', 'DeliveryError'];

describe('a producer whose batches are refused or given up', () => {
  let cluster: KafkaTestCluster;
  let random: Random;
  let topics = 0;

  beforeAll(async () => {
    random = createRandom();
    cluster = await KafkaTestCluster.start({ brokers: 3, faultProxy: true });
  }, 120_000);

  afterEach(async () => {
    for (const nodeId of [1, 2, 3]) await cluster.broker(nodeId).resume();
    await cluster.proxy.heal();
    await cluster.waitUntilHealthy();
  }, 60_000);
  afterAll(() => cluster.stop(), 30_000);

  async function newTopic(configs: TestTopic['configs'] = {}): Promise<string> {
    const topic = `refused-${++topics}`;
    await cluster.createTopic(topic, { partitions: 6, replicationFactor: 3, configs: { ...SAFE_CONFIGS, ...configs } });
    return topic;
  }

  function start(producer: ProducerOptions): Promise<TestEngine> {
    return TestEngine.start({ client: cluster.clientConfig('fault'), producer });
  }

  function newCheck(options: Omit<DeliveryCheckOptions, 'random'>): DeliveryCheck {
    return new DeliveryCheck({ random, ...options });
  }

  async function highestEpoch(topic: string): Promise<number> {
    let epoch = -1;
    await cluster.visitTopic(topic, ({ producerEpoch }) => {
      epoch = Math.max(epoch, producerEpoch);
    });
    return epoch;
  }

  describe.each(['none', 'lz4'] as const)('with compression %s', (compression) => {
    it('divides batches that the topic finds too large, and keeps their order', async () => {
      const topic = await newTopic({ 'max.message.bytes': '1500' });
      await using engine = await start({ compression, requestTimeoutMs: 1_000, retryBackoffMs: 20 });
      const check = newCheck({ topic });

      await check.underLoad(engine, async () => {
        await check.progress(1_000);
        const reset = cluster.proxy.on({ api: 'Produce', phase: 'response', action: 'reset', times: 5 });
        await reset.triggered(5);
        await check.progress(1_000);
      });

      const report = await check.verify(cluster);
      expect(violations(report)).toEqual([]);
      expect(engine.metrics()['batch-split-total']).toBeGreaterThan(0);
    });
  });

  it('divides batches in order without idempotence too, with one request in flight', async () => {
    const topic = await newTopic({ 'max.message.bytes': '1500' });
    await using engine = await start({ enableIdempotence: false, maxInFlightRequestsPerConnection: 1 });
    const check = newCheck({ topic });

    await check.underLoad(engine, () => check.progress(2_000));

    expect(violations(await check.verify(cluster))).toEqual([]);
    expect(engine.metrics()['batch-split-total']).toBeGreaterThan(0);
  });

  it('fails only the records that are too large for the topic', async () => {
    const topic = await newTopic({ 'max.message.bytes': '2000' });
    await using engine = await start({});
    const check = newCheck({ topic });

    await check.underLoad(engine, async () => {
      for (let i = 0; i < 20; i++) {
        void check.send(engine, 0, { key: `key-${random.integer(1, 24)}`, valueBytes: 4_000 });
        await check.progress(random.integer(1, 100));
      }
    });

    const report = await check.verify(cluster);
    expect(violations(report, { mayFail: ['RecordTooLargeError'] })).toEqual([]);
    expect(report.failed).toBe(20);
    expect(report.storedThoughFailed).toBe(0);
  });

  it('fails the batch of an invalid record and stores all others in order', async () => {
    const topic = await newTopic({ 'cleanup.policy': 'compact' });
    await using engine = await start({ batchSize: 512 });
    const check = newCheck({ topic, keylessPercent: 1 });

    await check.underLoad(engine, () => check.progress(5_000));

    const report = await check.verify(cluster);
    expect(violations(report, { mayFail: ['DeliveryError'] })).toEqual([]);
    expect(report.failed).toBeGreaterThan(0);
    expect(report.failed).toBeLessThan(report.sent / 5);
    expect(report.storedThoughFailed).toBe(0);
  });

  it.each([45, 47, 59])('goes on under a new epoch after sequence error %d', async (errorCode) => {
    const topic = await newTopic();
    await using engine = await start({ batchSize: 512, retryBackoffMs: 20 });
    const check = newCheck({ topic });

    await check.underLoad(engine, async () => {
      for (let round = 0; round < 5; round++) {
        const action = { errorCode, topic, partition: random.integer(0, 5) };
        const rule = cluster.proxy.on({ api: 'Produce', phase: 'request', action, nth: random.integer(1, 5) });
        await rule.triggered();
        await check.progress(random.integer(1, 500));
      }
    });

    const report = await check.verify(cluster);
    expect(violations(report)).toEqual([]);
    expect(await highestEpoch(topic)).toBeGreaterThan(0);
  });

  it.each([1, 2, 3])(
    'reports what a paused broker %d keeps for too long, and stores what follows once and in order',
    async (nodeId) => {
      const topic = await newTopic();
      await using engine = await start({ requestTimeoutMs: 700, deliveryTimeoutMs: 1_500, retryBackoffMs: 20 });
      const check = newCheck({ topic });

      await check.underLoad(engine, async () => {
        await cluster.broker(nodeId).pause();
        await delay(random.integer(2_000, 5_000));
        await cluster.broker(nodeId).resume();
      });

      const report = await check.verify(cluster);
      expect(violations(report, { mayFail: GIVEN_UP })).toEqual([]);
      expect(report.failed).toBeGreaterThan(0);
      expect(await highestEpoch(topic)).toBeGreaterThan(0);
    },
  );

  it.each(['request', 'response'] as const)(
    'reports what is lost with the %s for too long, and stores what follows once and in order',
    async (phase) => {
      const topic = await newTopic();
      await using engine = await start({
        requestTimeoutMs: 400,
        deliveryTimeoutMs: 600,
        retryBackoffMs: 20,
        batchSize: 512,
      });
      const check = newCheck({ topic });

      await check.underLoad(engine, async () => {
        for (let round = 0; round < 4; round++) {
          const action = { delayMs: random.integer(500, 2_000) };
          const rule = cluster.proxy.on({ api: 'Produce', phase, action, times: random.integer(3, 12) });
          await rule.triggered(3);
          await check.progress(300);
          rule.remove();
        }
      });

      const report = await check.verify(cluster);
      expect(violations(report, { mayFail: GIVEN_UP })).toEqual([]);
      expect(report.failed).toBeGreaterThan(0);
    },
  );

  it('acknowledges what is stored also when the restarted broker knows only the last batch of it', async () => {
    const topic = `refused-${++topics}`;
    await cluster.createTopic(topic, { partitions: 1, replicationFactor: 1 });
    await using engine = await start({ batchSize: 200, lingerMs: 0, requestTimeoutMs: 2_000 });
    await engine.send({ topic, value: 'first' });
    const leader = cluster.broker((await engine.partitionsFor(topic))[0]?.leader ?? -1);
    const lost = cluster.proxy.on({ api: 'Produce', phase: 'response', action: 'drop', times: 4 });
    const values = Array.from({ length: 4 }, (_, index) => `${index}`.padEnd(300, '.'));

    const sends = values.map((value) => engine.send({ topic, value }));
    await lost.triggered(4);
    await leader.kill();
    await leader.restart();
    await Promise.all(sends);

    const stored: string[] = [];
    await cluster.visitTopic(topic, ({ value }) => stored.push(String(value)));
    expect(stored).toEqual(['first', ...values]);
    expect(await highestEpoch(topic)).toBe(0);
  });

  it('stores everything sent after a topic was deleted and made again', async () => {
    const topic = await newTopic();
    await using engine = await start({ requestTimeoutMs: 1_000, deliveryTimeoutMs: 20_000, retryBackoffMs: 20 });
    const before = newCheck({ topic });
    const during = newCheck({ topic });
    const after = newCheck({ topic });
    await before.underLoad(engine, () => before.progress(500));

    await during.underLoad(engine, async () => {
      await cluster.deleteTopic(topic);
      await cluster.createTopic(topic, { partitions: 6, replicationFactor: 3, configs: SAFE_CONFIGS });
      await after.underLoad(engine, () => after.progress(1_000));
    });

    const duringReport = await during.verify(cluster);
    const afterReport = await after.verify(cluster);
    expect(violations(duringReport, { except: ['foreign', 'lost', 'misplaced'] })).toEqual([]);
    expect(violations(afterReport, { except: ['foreign'] })).toEqual([]);
  });
});
