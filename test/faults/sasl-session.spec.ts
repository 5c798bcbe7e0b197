import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { KafkaTestCluster, waitUntil } from '../../lib/testing/index.js';
import { DeliveryCheck } from '../support/delivery-check.js';
import { violations } from '../support/delivery-report.js';
import { createRandom } from '../support/random.js';
import { TestEngine } from '../support/test-engine.js';
import { TestListener } from '../support/test-listener.js';

const SESSION_MS = 1_500;

describe('when SASL sessions end', () => {
  let cluster: KafkaTestCluster;

  beforeAll(async () => {
    cluster = await KafkaTestCluster.start({
      listeners: ['sasl_plaintext'],
      brokerProperties: { 'connections.max.reauth.ms': String(SESSION_MS) },
    });
  }, 120_000);

  afterAll(() => cluster.stop(), 30_000);

  it.each(['plain', 'scram-sha-512'] as const)(
    'a producer goes on over new connections before the broker ends them (%s)',
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

  it('a consumer goes on over new connections, and loses neither its membership nor a record', async () => {
    const topic = 'session-consumer';
    await cluster.createTopic(topic, { partitions: 3 });
    const client = cluster.clientConfig('sasl_plaintext');
    await using engine = await TestEngine.start({ client });
    const handled: string[] = [];
    await using listener = await TestListener.start({
      client,
      groupId: topic,
      topics: [topic],
      handler: ({ records: [record] }) => void handled.push(String(record?.value)),
    });
    const expected: string[] = [];
    for (const end = Date.now() + SESSION_MS * 4; Date.now() < end;) {
      expected.push(String(expected.length));
      await engine.send({ topic, key: expected.at(-1), value: expected.at(-1) ?? '' });
      await delay(10);
    }
    await waitUntil('all records', 10_000, () => handled.length >= expected.length);
    expect([...handled].sort(byNumber)).toEqual(expected);
    expect(listener.events.map(({ type }) => type)).toEqual(['started', 'partitions-assigned']);
  }, 60_000);
});

function byNumber(left: string, right: string): number {
  return Number(left) - Number(right);
}
