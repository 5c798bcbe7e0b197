import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { ProducerOptions } from '../../lib/producer/producer-options.js';
import { KafkaTestCluster, type FaultAction, type FaultPhase } from '../../lib/testing/index.js';
import { DeliveryCheck } from '../support/delivery-check.js';
import { violations, type DeliveryReport } from '../support/delivery-report.js';
import { createRandom, type Random } from '../support/random.js';
import { TestEngine } from '../support/test-engine.js';

const SAFE_TOPIC = { partitions: 6, replicationFactor: 3, configs: { 'min.insync.replicas': '2' } };
const PHASES: readonly FaultPhase[] = ['request', 'response'];
/** Short limits, so that what is lost is missed soon. */
const IMPATIENT: ProducerOptions = { requestTimeoutMs: 1_000, deliveryTimeoutMs: 30_000, retryBackoffMs: 20 };
/** Error codes of Produce that mean "try again". */
const RETRIABLE_CODES = [2, 3, 5, 6, 7, 9, 13, 19, 20, 56, 74, 75] as const;

jest.setTimeout(60_000);

describe('a producer on a faulty network', () => {
  let cluster: KafkaTestCluster;
  let random: Random;
  let topics = 0;

  beforeAll(async () => {
    random = createRandom();
    cluster = await KafkaTestCluster.start({ brokers: 3, faultProxy: true });
  }, 120_000);

  afterEach(() => cluster.proxy.heal());
  afterAll(() => cluster.stop(), 30_000);

  async function deliver(
    producer: ProducerOptions,
    faults: (check: DeliveryCheck, topic: string) => Promise<unknown>,
  ): Promise<DeliveryReport> {
    const topic = `faulty-${++topics}`;
    await cluster.createTopic(topic, SAFE_TOPIC);
    await using engine = await TestEngine.start({ client: cluster.clientConfig('fault'), producer });
    const check = new DeliveryCheck({ topic, random });

    await check.underLoad(engine, () => faults(check, topic));

    const report = await check.verify(cluster);
    expect(report.slowestMs).toBeLessThan(engine.config.deliveryTimeoutMs);
    return report;
  }

  /** Lets the fault happen several times, to one or more requests in a row, with calm between. */
  async function several(check: DeliveryCheck, phase: FaultPhase, action: FaultAction, rounds = 4): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      const rule = cluster.proxy.on({
        api: 'Produce',
        phase,
        action,
        nth: random.integer(1, 5),
        times: random.integer(1, 3),
      });
      await rule.triggered();
      await check.progress(random.integer(1, 300));
      rule.remove();
    }
  }

  describe.each([5, 1])('with %d requests in flight', (maxInFlightRequestsPerConnection) => {
    const producer = { ...IMPATIENT, maxInFlightRequestsPerConnection, batchSize: 512 };

    it.each(PHASES)('stores every record once and in order when the %s is lost', async (phase) => {
      const report = await deliver(producer, (check) => several(check, phase, 'drop'));
      expect(violations(report)).toEqual([]);
    });

    it.each(PHASES)('stores every record once and in order when the connection is reset at the %s', async (phase) => {
      const report = await deliver(producer, (check) => several(check, phase, 'reset', 10));
      expect(violations(report)).toEqual([]);
    });

    it.each(PHASES)('stores every record once and in order when the %s is later than its timeout', async (phase) => {
      const delayMs = random.integer(1_200, 2_500);
      const report = await deliver(producer, (check) => several(check, phase, { delayMs }));
      expect(violations(report)).toEqual([]);
    });

    it('stores every record once and in order over connections that live a second at most', async () => {
      const report = await deliver(producer, (check) => {
        cluster.proxy.connectionLifetime([300, 1_000], random.next);
        return check.progress(8_000);
      });
      expect(violations(report)).toEqual([]);
    });
  });

  describe.each(RETRIABLE_CODES)('when one partition of several is answered with error %d', (errorCode) => {
    it('stores every record once and in order, whether or not the batch was appended', async () => {
      const report = await deliver(IMPATIENT, async (check, topic) => {
        for (const phase of PHASES) {
          await several(check, phase, { errorCode, topic, partition: random.integer(0, 5) });
        }
      });
      expect(violations(report)).toEqual([]);
    });

    it('loses nothing without idempotence', async () => {
      const report = await deliver({ ...IMPATIENT, acks: 1 }, (check, topic) =>
        several(check, 'request', { errorCode, topic, partition: random.integer(0, 5) }),
      );
      expect(violations(report, { except: ['disordered'] })).toEqual([]);
    });
  });

  it.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)(
    'stores every record once and in order with %s',
    async (compression) => {
      const report = await deliver({ ...IMPATIENT, compression }, async (check) => {
        for (const phase of PHASES) await several(check, phase, 'reset', 5);
      });
      expect(violations(report)).toEqual([]);
    },
  );

  it.each([1, 2, 3])('stores every record once and in order while broker %d is cut off for a while', async (nodeId) => {
    const report = await deliver(IMPATIENT, async (check) => {
      cluster.proxy.isolate({ brokers: [nodeId] });
      await check.progress(500);
      await cluster.proxy.heal();
    });
    expect(violations(report)).toEqual([]);
  });
});
