import type { KafkaClusterView, StoredRecord } from '../../lib/testing/index.js';
import { withBroker } from '../../lib/testing/reading/broker-client.js';
import { listOffset } from '../../lib/testing/reading/broker-requests.js';
import { waitFor } from './broker.js';

const REQUEST_TIMEOUT_MS = 5_000;

/** Partitions in which a reader of committed records does not get as far as any other, because a transaction is open there. */
export async function openPartitions(cluster: KafkaClusterView, topic: string): Promise<number[]> {
  const { partitions } = await cluster.describeTopic(topic);
  const open = await Promise.all(
    partitions.map(async ({ partition, leaderId }) => {
      const address = cluster.description.brokers.find(({ nodeId }) => nodeId === leaderId)?.listeners.plaintext;
      if (address === undefined) return true;
      return withBroker(`${address.host}:${address.port}`, async (client) => {
        const end = async (isolation: 'read_committed' | 'read_uncommitted'): Promise<bigint> =>
          listOffset(client, { topic, partition }, 'latest', isolation, REQUEST_TIMEOUT_MS);
        // The committed end first: what is added in between makes the partition look open, never ended.
        return (await end('read_committed')) < (await end('read_uncommitted'));
      });
    }),
  );
  return partitions.filter((_, index) => open[index]).map(({ partition }) => partition);
}

/**
 * What a reader of committed records sees once no transaction is open any more. A commit is acknowledged before its markers are written, so a reader that
 * comes right behind it may see nothing of it yet.
 */
export async function committedRecords(cluster: KafkaClusterView, topic: string): Promise<StoredRecord[]> {
  await waitFor(async () => (await openPartitions(cluster, topic)).length === 0, {
    what: `the end of all transactions in ${topic}`,
  });
  return cluster.readTopic(topic, { isolation: 'read_committed' });
}
