import { describe, expect, it, jest } from '@jest/globals';
import { Kafka, logLevel, type KafkaConfig } from '../../lib/wire/kafkajs.js';
import { sharedCluster, startFaultProxy, uniqueTopic } from '../support/broker.js';

jest.setTimeout(30_000);

const QUIET = { logLevel: logLevel.NOTHING, retry: { retries: 0 } };

async function brokersSeenBy(config: KafkaConfig): Promise<{ host: string; port: number }[]> {
  const admin = new Kafka({ ...config, ...QUIET }).admin();
  await admin.connect();
  try {
    return (await admin.describeCluster()).brokers;
  } finally {
    await admin.disconnect();
  }
}

describe('the cluster all broker tests share', () => {
  it.each(['plaintext', 'ssl', 'sasl_plaintext', 'sasl_ssl'] as const)(
    'takes clients on its %s listener',
    async (listener) => {
      const config = sharedCluster().clientConfig(listener);
      const brokers = await brokersSeenBy(config);
      expect(brokers.map(({ host, port }) => `${host}:${port}`)).toEqual(config.brokers);
    },
  );

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('logs users in with %s', async (mechanism) => {
    const config = sharedCluster().clientConfig('sasl_ssl', { mechanism });
    expect(config.sasl?.mechanism).toBe(mechanism);
    expect(await brokersSeenBy(config)).toHaveLength(1);
  });

  it('turns a wrong password away', async () => {
    const config = sharedCluster().clientConfig('sasl_plaintext');
    const sasl = { mechanism: 'plain', username: 'test', password: 'wrong' } as const;
    await expect(brokersSeenBy({ ...config, sasl })).rejects.toThrow(/auth/i);
  });

  it('gives each test a fault proxy of its own', async () => {
    const topic = uniqueTopic();
    await sharedCluster().createTopic(topic);
    await using first = await startFaultProxy();
    await using second = await startFaultProxy();
    expect(first.bootstrapServers).not.toEqual(second.bootstrapServers);
    for (const { bootstrapServers } of [first, second]) {
      const [broker] = await brokersSeenBy({ brokers: bootstrapServers });
      expect(bootstrapServers).toEqual([`${broker?.host}:${broker?.port}`]);
    }
  });
});
