import { KafkaError } from '../../wire/kafka-error.js';
import { withBroker } from '../reading/broker-client.js';
import { fetchMetadata } from '../reading/broker-requests.js';
import type { ClusterDescription } from './cluster-description.js';
import { messageOf } from '../thrown.js';

const REQUEST_TIMEOUT_MS = 5_000;

/**
 * Describes a cluster somebody else runs, from what the first broker that answers knows.
 * @throws KafkaError when none answers on a plaintext listener
 */
export async function describeExternalCluster(servers: readonly string[]): Promise<ClusterDescription> {
  const failures: string[] = [];
  for (const server of servers) {
    try {
      const { brokers } = await withBroker(server, (client) => fetchMetadata(client, [], REQUEST_TIMEOUT_MS));
      return {
        kafkaVersion: 'unknown',
        users: [],
        ca: null,
        brokers: brokers.map(({ nodeId, host, port }) => ({
          nodeId,
          listeners: { plaintext: { host, port, advertisedPort: port } },
        })),
      };
    } catch (error) {
      failures.push(messageOf(error));
    }
  }
  throw new KafkaError(
    `No broker of ${servers.join(', ')} answers: ${failures.join(' ')} ` +
      'Start it, correct KAFKA_BROKERS, or unset it to let the tests start their own broker.',
  );
}
