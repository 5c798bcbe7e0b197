import type { KafkaTestCluster } from 'nestjs-kafka-producer/testing';
import { PARTITIONS } from '../worker/clients/connect-client.js';

let created = 0;

/** Lets `work` use an empty topic of its own, and removes it and its data afterwards. */
export async function withTopic<T>(cluster: KafkaTestCluster, work: (topic: string) => Promise<T>): Promise<T> {
  const topic = `bench-${process.pid}-${++created}`;
  await cluster.createTopic(topic, {
    partitions: PARTITIONS,
    replicationFactor: 1,
    // The data goes before the system writes it to disk, which would slow down whoever comes next.
    configs: { 'file.delete.delay.ms': '1000' },
  });
  try {
    return await work(topic);
  } finally {
    await cluster.deleteTopic(topic);
  }
}

/**
 * A figure counts only if it is about records that are stored, each once.
 * @throws Error otherwise
 */
export async function assertStored(cluster: KafkaTestCluster, topic: string, expected: number): Promise<void> {
  const stored = await countStored(cluster, topic);
  if (stored === expected) return;
  throw new Error(`${expected} records were acknowledged, but ${stored} are stored in ${topic}: the run is not valid.`);
}

async function countStored(cluster: KafkaTestCluster, topic: string): Promise<number> {
  const admin = cluster.kafkaJs('bench').admin();
  await admin.connect();
  try {
    const offsets = await admin.fetchTopicOffsets(topic);
    return offsets.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  } finally {
    await admin.disconnect();
  }
}
