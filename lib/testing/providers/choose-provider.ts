import type { LogSink } from '../../wire/log-sink.js';
import type { RunningCluster } from '../cluster/running-cluster.js';
import { KafkaTestClusterUnavailableError, type ProviderProbe } from '../errors.js';
import type { ClusterProvider } from '../kafka-test-cluster-options.js';
import { probeDocker, startDockerBrokers } from './docker-provider.js';
import { startJavaBrokers } from './java-provider.js';
import { findJava, minimumJava } from './java-runtime.js';
import { findKafkaJars } from './kafka-jars.js';
import type { ProviderRequest } from './provider-request.js';

/** Sets brokers going; may be called again when the ports it took turn out to be in use. */
export type Launch = () => Promise<RunningCluster>;

/**
 * Java with Kafka's jars, else Docker.
 * @throws KafkaTestClusterUnavailableError saying what was tried
 */
export async function chooseProvider(
  request: ProviderRequest,
  provider: ClusterProvider,
  log: LogSink,
): Promise<Launch> {
  const probes: ProviderProbe[] = [{ provider: 'KAFKA_BROKERS', result: 'not set' }];
  if (provider !== 'docker') {
    const launch = await tryJava(request, probes, log);
    if (launch !== null) return launch;
  }
  if (provider !== 'java') {
    const problem = await probeDocker();
    if (problem === null) return () => startDockerBrokers(request, log);
    probes.push({ provider: 'Docker', result: problem });
  }
  throw new KafkaTestClusterUnavailableError(request.kafkaVersion, minimumJava(request.kafkaVersion), probes);
}

async function tryJava(request: ProviderRequest, probes: ProviderProbe[], log: LogSink): Promise<Launch | null> {
  const { kafkaVersion } = request;
  const java = await findJava();
  if (typeof java === 'string') {
    probes.push({ provider: 'Java', result: java });
    return null;
  }
  if (java.major < minimumJava(kafkaVersion)) {
    const result = `found ${java.version}, but Kafka ${kafkaVersion} needs ${minimumJava(kafkaVersion)} or newer`;
    probes.push({ provider: 'Java', result });
    return null;
  }
  probes.push({ provider: 'Java', result: `found ${java.version}` });
  const jars = await findKafkaJars(kafkaVersion, log);
  if (typeof jars === 'string') {
    probes.push({ provider: 'Kafka jars', result: jars });
    return null;
  }
  return () => startJavaBrokers(request, java, jars);
}
