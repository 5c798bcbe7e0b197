import { KafkaTestCluster, type ClusterDescription, type KafkaTestClusterOptions } from '../../lib/testing/index.js';

/** What the host tells its parent, once. */
export type ClusterHostMessage =
  | { readonly description: ClusterDescription; readonly directory: string | null }
  | { readonly error: { readonly name: string; readonly message: string; readonly probes?: unknown } };

/** A process that owns a cluster: it takes the options as JSON, tells how the start went, and stops when its parent lets go. */
async function host(options: KafkaTestClusterOptions): Promise<ClusterHostMessage> {
  try {
    const cluster = await KafkaTestCluster.start(options);
    process.once('disconnect', () => void cluster.stop());
    return { description: cluster.description, directory: cluster.directory };
  } catch (error) {
    process.once('disconnect', () => undefined);
    if (!(error instanceof Error)) throw error;
    return { error: { name: error.name, message: error.message, probes: Reflect.get(error, 'probes') } };
  }
}

const options: KafkaTestClusterOptions = JSON.parse(process.argv[2] ?? '{}');
process.send?.(await host(options));
