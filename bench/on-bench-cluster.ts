import { KafkaTestCluster } from 'nestjs-kafka-producer/testing';
import { describeEnvironment, systemLoad, type BenchEnvironment } from './environment.js';

/** A load of other programs from which on figures say little. */
const DISTURBING_LOAD = 0.5;

/**
 * Lets `work` use brokers started for it, or `KAFKA_BROKERS`.
 * @param brokers how many to start
 * @param needsJava whether a Java client takes part: without Java it is better to say so now than after minutes
 * @param progress tells the user what is going on
 */
export async function onBenchCluster<T>(
  brokers: 1 | 3,
  needsJava: boolean,
  progress: (line: string) => void,
  work: (cluster: KafkaTestCluster, environment: BenchEnvironment) => Promise<T>,
): Promise<T> {
  const loadBefore = systemLoad();
  if (loadBefore > DISTURBING_LOAD) {
    progress(`other programs keep this machine busy (load ${loadBefore}): repeat the run when they do not`);
  }
  progress('starting Kafka');
  await using cluster = await KafkaTestCluster.start({ brokers, profile: 'bench' });
  if (needsJava) await cluster.classpath();
  return await work(cluster, describeEnvironment(cluster.description.kafkaVersion, cluster.isExternal, loadBefore));
}
