import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProducerOptions } from '../../lib/producer/producer-options.js';
import { KafkaTestCluster, type FaultAction, type FaultDefinition, type FaultPhase } from '../../lib/testing/index.js';
import { DeliveryCheck } from '../support/delivery-check.js';
import { summary, violations } from '../support/delivery-report.js';
import { createRandom, type Random } from '../support/random.js';
import { TestEngine } from '../support/test-engine.js';

/** How long the faults of one round go on; RANDOM_FAULTS_SECONDS and RANDOM_FAULTS_ROUNDS make it a longer search. */
const SECONDS = Number(process.env['RANDOM_FAULTS_SECONDS'] ?? 15);
const ROUNDS = Number(process.env['RANDOM_FAULTS_ROUNDS'] ?? 2);
const SAFE_TOPIC = {
  partitions: 6,
  replicationFactor: 3,
  configs: { 'min.insync.replicas': '2', 'max.message.bytes': '6000' },
};

/** How records end whose delivery timeout passes, and those sent behind them whose outcome is lost with theirs. */
const GIVEN_UP = ['DeliveryTimeoutError', 'DeliveryError'];

describe('a producer under faults of all kinds at once', () => {
  let cluster: KafkaTestCluster;
  let random: Random;

  beforeAll(async () => {
    random = createRandom();
    cluster = await KafkaTestCluster.start({ brokers: 3, faultProxy: true });
  }, 120_000);

  afterAll(() => cluster.stop(), 30_000);

  function randomProducer(mayExpire: boolean): ProducerOptions {
    return {
      maxInFlightRequestsPerConnection: random.integer(1, 5),
      batchSize: random.pick([256, 1_024, 16_384]),
      lingerMs: random.pick([0, 5, 20]),
      compression: random.pick(['none', 'gzip', 'snappy', 'lz4', 'zstd']),
      requestTimeoutMs: random.integer(400, 1_500),
      deliveryTimeoutMs: mayExpire ? random.integer(1_600, 3_000) : 120_000,
      retryBackoffMs: random.pick([10, 100]),
      bufferMemory: random.pick([256 * 1_024, 32 * 1_024 * 1_024]),
    };
  }

  function randomAction(topic: string): FaultAction {
    const errorCode = random.pick([2, 3, 5, 6, 7, 9, 13, 19, 20, 56, 74, 75]);
    return random.pick<FaultAction>([
      'drop',
      'reset',
      'reset',
      { delayMs: random.integer(10, 3_000) },
      { errorCode, topic, partition: random.integer(0, 5) },
      { errorCode, topic, partition: random.integer(0, 5) },
    ]);
  }

  function randomRule(topic: string): FaultDefinition {
    const kind = random.integer(1, 10);
    const times = random.integer(1, 4);
    const nth = random.integer(1, 4);
    const phase = random.pick<FaultPhase>(['request', 'response']);
    if (kind === 1) return { api: 'Metadata', phase, action: random.pick<FaultAction>(['drop', 'reset']), times };
    if (kind === 2) return { api: 'InitProducerId', phase, action: random.pick<FaultAction>(['drop', 'reset']), times };
    return { api: 'Produce', phase, action: randomAction(topic), nth, times };
  }

  /** Kills, pauses or cuts off one broker for a while. */
  async function brokerFault(): Promise<void> {
    const nodeId = random.integer(1, 3);
    const broker = cluster.broker(nodeId);
    switch (random.integer(1, 3)) {
      case 1:
        await broker.kill();
        await delay(random.integer(0, 1_500));
        await broker.restart();
        break;
      case 2:
        await broker.pause();
        await delay(random.integer(300, 5_000));
        await broker.resume();
        break;
      default:
        cluster.proxy.isolate({ brokers: [nodeId] });
        await delay(random.integer(100, 3_000));
        await cluster.proxy.heal();
    }
    await cluster.waitUntilHealthy();
  }

  async function randomFaults(topic: string): Promise<void> {
    const end = Date.now() + SECONDS * 1_000;
    const brokers = (async () => {
      while (Date.now() < end) await brokerFault();
    })();
    while (Date.now() < end) {
      cluster.proxy.on(randomRule(topic));
      await delay(random.integer(20, 600));
    }
    await brokers;
    await cluster.proxy.heal();
  }

  const rounds = Array.from({ length: ROUNDS }, (_, index) => index + 1);

  it.each(rounds)(
    'stores every record once and in order, whatever happens (round %d)',
    async (round) => {
      const mayExpire = round % 2 === 0;
      const producer = randomProducer(mayExpire);
      const topic = `random-${round}`;
      await cluster.createTopic(topic, SAFE_TOPIC);
      await using engine = await TestEngine.start({ client: cluster.clientConfig('fault'), producer });
      const check = new DeliveryCheck({ topic, random, rate: 2_000, window: 1_000 });

      await check.underLoad(engine, () => randomFaults(topic));

      const report = await check.verify(cluster);
      process.stderr.write(`${JSON.stringify(producer)}: ${summary(report)}\n`);
      expect(violations(report, { mayFail: mayExpire ? GIVEN_UP : [] })).toEqual([]);
    },
    SECONDS * 1_000 + 120_000,
  );
});
