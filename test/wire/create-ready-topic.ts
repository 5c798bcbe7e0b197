import type { KafkaClusterView } from '../../lib/testing/kafka-cluster-view.js';
import type { BrokerConnection } from '../../lib/wire/broker-connection.js';
import { sharedCluster, uniqueTopic, waitFor } from '../support/broker.js';
import { fetchApi } from './fetch-api.js';
import { REQUEST_TIMEOUT_MS } from './open-connection.js';

/** A new topic whose partitions take records: for a moment after its creation a broker may still answer that it is not their leader. */
export async function createReadyTopic(
  connection: BrokerConnection,
  partitions = 1,
  configs: Readonly<Record<string, string>> = {},
  cluster: KafkaClusterView = sharedCluster(),
): Promise<string> {
  const topic = uniqueTopic('wire');
  await cluster.createTopic(topic, { partitions, configs });
  for (let partition = 0; partition < partitions; partition++) {
    const isLed = async (): Promise<boolean> => {
      const request = { topic, partition, offset: 0n, maxWaitMs: 0 };
      return (await connection.send(fetchApi, request, REQUEST_TIMEOUT_MS, 4)).errorCode === 0;
    };
    await waitFor(isLed, { what: `a leader of ${topic}-${partition}` });
  }
  return topic;
}
