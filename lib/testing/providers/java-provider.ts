import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RunningCluster } from '../cluster/running-cluster.js';
import { serverProperties, type ClusterPlan } from '../cluster/server-properties.js';
import type { ClusterProfile } from '../kafka-test-cluster-options.js';
import { BrokerProcess } from './broker-process.js';
import { describeBroker, planBrokers } from './cluster-layout.js';
import { ClusterResources } from './cluster-resources.js';
import { classpathOf, type KafkaJars } from './kafka-jars.js';
import { javaTool, type JavaRuntime } from './java-runtime.js';
import { needsTls, type ProviderRequest } from './provider-request.js';
import { StorageFormat } from './storage-format.js';
import { localKeytool, tlsKeystore } from './tls-keystore.js';

const COMMON_FLAGS = ['-XX:+ExitOnOutOfMemoryError', '-Djava.awt.headless=true', '-Djava.net.preferIPv4Stack=true'];
const PROFILE_FLAGS: Readonly<Record<ClusterProfile, readonly string[]>> = {
  test: ['-Xms64m', '-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
  bench: ['-Xms1g', '-Xmx1g', '-XX:+UseG1GC'],
};
const SIMPLE_LOGGER_FLAGS = [
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  '-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS',
  // Prints every setting at every start, several hundred lines.
  '-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config.AbstractConfig=warn',
];

/** Starts brokers as child processes of this one. They are set going, not yet ready, when this resolves. */
export async function startJavaBrokers(
  request: ProviderRequest,
  runtime: JavaRuntime,
  jars: KafkaJars,
): Promise<RunningCluster> {
  const keystore = needsTls(request) ? await tlsKeystore(localKeytool(javaTool(runtime, 'keytool'))) : null;
  const storage = await StorageFormat.prepare(runtime.java, jars, request.users);
  const resources = await ClusterResources.acquire(request.keepData);
  try {
    const plan: ClusterPlan = {
      brokers: await planBrokers(request, resources.ports),
      profile: request.profile,
      users: request.users,
      keystore,
      bindHost: '127.0.0.1',
      overrides: request.brokerProperties,
    };
    for (const broker of plan.brokers) {
      const data = join(resources.directory, `broker-${broker.nodeId}`, 'data');
      const home = await resources.brokerHome(broker.nodeId, serverProperties(plan, broker, data));
      await storage.format(data, broker.nodeId);
      // Native libraries are unpacked there; a broker that is killed cannot remove them.
      const ownTmp = `-Djava.io.tmpdir=${home}`;
      const flags = [...PROFILE_FLAGS[request.profile], ...COMMON_FLAGS, ownTmp, ...loggingFlags(jars, home)];
      const args = [...flags, '-cp', classpathOf(jars), 'kafka.Kafka', join(home, 'server.properties')];
      resources.brokers.push(
        new BrokerProcess({
          nodeId: broker.nodeId,
          command: runtime.java,
          args: () => args,
          logFile: join(home, 'broker.log'),
          directory: home,
          watchdog: resources.watchdog,
        }),
      );
    }
    for (const broker of resources.brokers) broker.start();
    return {
      description: {
        kafkaVersion: jars.kafkaVersion,
        brokers: plan.brokers.map(describeBroker),
        users: request.users,
        ca: keystore?.ca ?? null,
      },
      brokers: resources.brokers,
      directory: resources.directory,
      dispose: resources.dispose,
    };
  } catch (error) {
    await resources.dispose({ keep: 'nothing' });
    throw error;
  }
}

/** Jars from Maven log through slf4j-simple; an unpacked distribution brings a log4j configuration of its own. */
function loggingFlags(jars: KafkaJars, brokerHome: string): string[] {
  if (jars.home === null) return SIMPLE_LOGGER_FLAGS;
  const logs = `-Dkafka.logs.dir=${brokerHome}`;
  const log4j2 = join(jars.home, 'config', 'log4j2.yaml');
  if (existsSync(log4j2)) return [logs, `-Dlog4j2.configurationFile=${log4j2}`];
  return [logs, `-Dlog4j.configuration=file:${join(jars.home, 'config', 'log4j.properties')}`];
}
