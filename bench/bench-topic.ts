import { setTimeout as delay } from 'node:timers/promises';
import type { KafkaTestCluster } from 'nestjs-kafka-producer/testing';
import { PARTITIONS } from './worker/clients/connect-client.js';

const MARKERS_LIMIT_MS = 10_000;
const MARKERS_POLL_MS = 50;

let created = 0;

/** Lets `work` use an empty topic of its own, and removes it and its data afterwards. */
export async function withTopic<T>(
  cluster: KafkaTestCluster,
  work: (topic: string) => Promise<T>,
  partitions: number = PARTITIONS,
): Promise<T> {
  const topic = `bench-${process.pid}-${++created}`;
  await cluster.createTopic(topic, {
    partitions,
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

/**
 * The same for transactions: what a reader of committed records sees counts, and nothing of the others.
 * @throws Error otherwise
 */
export async function assertReadable(cluster: KafkaTestCluster, topic: string, expected: number): Promise<void> {
  // The broker has taken the last commits, but may still be writing their markers.
  const limit = performance.now() + MARKERS_LIMIT_MS;
  let readable = await countReadable(cluster, topic);
  while (readable < expected && performance.now() < limit) {
    await delay(MARKERS_POLL_MS);
    readable = await countReadable(cluster, topic);
  }
  if (readable === expected) return;
  throw new Error(
    `${expected} records were committed, but ${readable} are readable in ${topic}: the run is not valid.`,
  );
}

/**
 * What was handled must be committed too, and no more.
 * @throws Error otherwise
 */
export async function assertCommitted(
  cluster: KafkaTestCluster,
  groupId: string,
  topic: string,
  expected: number,
): Promise<void> {
  const committed = await countCommitted(cluster, groupId, topic);
  if (committed === expected) return;
  throw new Error(
    `${expected} records were handled, but ${committed} are committed by ${groupId} in ${topic}: the run is not valid.`,
  );
}

async function countCommitted(cluster: KafkaTestCluster, groupId: string, topic: string): Promise<number> {
  const admin = cluster.kafkaJs('bench').admin();
  await admin.connect();
  try {
    const [offsets] = await admin.fetchOffsets({ groupId, topics: [topic] });
    // -1: none of the partition.
    return offsets?.partitions.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0) ?? 0;
  } finally {
    await admin.disconnect();
  }
}

async function countReadable(cluster: KafkaTestCluster, topic: string): Promise<number> {
  let records = 0;
  await cluster.visitTopic(topic, () => records++, { isolation: 'read_committed' });
  return records;
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
