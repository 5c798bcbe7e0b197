import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { KafkaTestCluster } from '../../lib/testing/index.js';
import { Partitioners } from '../../lib/wire/kafkajs.js';
import { waitFor } from '../support/broker.js';

jest.setTimeout(60_000);
const TOPIC = 'replicated';

describe('a cluster of three brokers', () => {
  let cluster: KafkaTestCluster;

  beforeAll(async () => {
    const configs = { 'min.insync.replicas': '2' };
    cluster = await KafkaTestCluster.start({
      bootstrapServers: [],
      brokers: 3,
      topics: [{ name: TOPIC, partitions: 6, configs }],
    });
  });

  beforeEach(async () => {
    for (const nodeId of [1, 2, 3]) cluster.broker(nodeId).start();
    await cluster.waitUntilHealthy();
  });

  afterAll(() => cluster.stop());

  async function waitUntilOthersLead(nodeId: number): Promise<void> {
    const othersLead = async (): Promise<boolean> => {
      const { partitions } = await cluster.describeTopic(TOPIC);
      return partitions.every(({ leaderId }) => leaderId >= 0 && leaderId !== nodeId);
    };
    await waitFor(othersLead, { what: `leaders other than broker ${nodeId}`, limitMs: 20_000 });
  }

  it('keeps three replicas of every partition, and its leaders on all brokers', async () => {
    const { partitions } = await cluster.describeTopic(TOPIC);
    for (const { isr, replicas } of partitions) {
      expect(new Set(replicas)).toEqual(new Set([1, 2, 3]));
      expect(isr).toHaveLength(3);
    }
    expect(new Set(partitions.map(({ leaderId }) => leaderId))).toEqual(new Set([1, 2, 3]));
  });

  it('names the coordinators of groups and transactions', async () => {
    for (const type of ['group', 'transaction'] as const) {
      const nodeId = await cluster.coordinatorOf(type, 'some id');
      expect([1, 2, 3]).toContain(nodeId);
      expect(await cluster.coordinatorOf(type, 'some id')).toBe(nodeId);
    }
  });

  it('takes records while one broker is dead, and is whole again with all of them after its restart', async () => {
    const leader = await cluster.leaderOf(TOPIC, 0);
    const broker = cluster.broker(leader);
    await broker.kill();
    await waitUntilOthersLead(leader);

    const messages = Array.from({ length: 600 }, (_, i) => ({ value: String(i), partition: i % 6 }));
    const producer = cluster.kafkaJs().producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    await producer.send({ topic: TOPIC, messages });
    await producer.disconnect();
    // A set: kafkajs may have repeated itself while leaders moved.
    const stored = async (): Promise<Set<string>> =>
      new Set((await cluster.readTopic(TOPIC)).map(({ value }) => String(value)));
    const sent = new Set(messages.map(({ value }) => value));
    expect(await stored()).toEqual(sent);

    await broker.restart();
    await cluster.waitUntilHealthy();
    const { partitions } = await cluster.describeTopic(TOPIC);
    for (const { isr } of partitions) expect(isr).toHaveLength(3);
    expect(await stored()).toEqual(sent);
  });

  it('moves the leaders away from a paused broker, and takes it back into the ISR when it goes on', async () => {
    const leader = await cluster.leaderOf(TOPIC, 1);
    await cluster.broker(leader).pause();
    await waitUntilOthersLead(leader);
    await cluster.broker(leader).resume();
    await cluster.waitForFullIsr(TOPIC);
    expect(cluster.broker(leader).state).toBe('running');
  });
});
