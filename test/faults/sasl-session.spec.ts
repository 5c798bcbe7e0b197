import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { KafkaTestCluster } from '../../lib/testing/index.js';
import { DeliveryCheck } from '../support/delivery-check.js';
import { violations } from '../support/delivery-report.js';
import { createRandom } from '../support/random.js';
import { TestEngine } from '../support/test-engine.js';

const SESSION_MS = 1_500;

describe('a producer whose SASL sessions end', () => {
  let cluster: KafkaTestCluster;

  beforeAll(async () => {
    cluster = await KafkaTestCluster.start({
      listeners: ['sasl_plaintext'],
      brokerProperties: { 'connections.max.reauth.ms': String(SESSION_MS) },
    });
  }, 120_000);

  afterAll(() => cluster.stop(), 30_000);

  it.each(['plain', 'scram-sha-512'] as const)(
    'goes on over new connections before the broker ends them (%s)',
    async (mechanism) => {
      const topic = `session-${mechanism}`;
      await cluster.createTopic(topic, { partitions: 3 });
      const client = cluster.clientConfig('sasl_plaintext', { mechanism });
      await using engine = await TestEngine.start({ client });
      const check = new DeliveryCheck({ topic, random: createRandom() });

      await check.underLoad(engine, () => delay(SESSION_MS * 4));

      const report = await check.verify(cluster);
      expect(violations(report)).toEqual([]);
      expect(report.slowestMs).toBeLessThan(1_000);
      expect(engine.log.lines.join('\n')).not.toContain('test-secret');
    },
    60_000,
  );
});
