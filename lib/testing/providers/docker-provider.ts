import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { LogSink } from '../../wire/log-sink.js';
import type { RunningCluster } from '../cluster/running-cluster.js';
import { serverProperties, type BrokerPlan, type ClusterPlan } from '../cluster/server-properties.js';
import { BrokerProcess, type BrokerSignal } from './broker-process.js';
import { describeBroker, planBrokers } from './cluster-layout.js';
import { ClusterResources } from './cluster-resources.js';
import { needsTls, type ProviderRequest } from './provider-request.js';
import { randomUuid, scramArguments } from './storage-format.js';
import { tlsKeystore, type Keytool } from './tls-keystore.js';
import { codeOf } from '../thrown.js';

const run = promisify(execFile);
/** Where the directory of a broker, with its properties, is mounted in its container. */
const HOME = '/mnt/broker';
const KEYSTORE = '/mnt/keystore.p12';
/** In the container's own layer: it survives a stop and a start, and goes with the container. */
const DATA = '/tmp/kafka-data';
const KAFKA = '/opt/kafka/bin';
const HEAP = { test: '-Xms64m -Xmx256m', bench: '-Xms1g -Xmx1g' } as const;

/** Null when Docker can be used, else what is wrong. */
export async function probeDocker(): Promise<string | null> {
  try {
    await run('docker', ['info', '--format', '{{.ServerVersion}}'], { timeout: 3_000 });
    return null;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'no docker command on the PATH';
    return 'the docker command is there, but its engine does not answer';
  }
}

/**
 * Starts each broker in a container of Kafka's own image. The ports are the same inside and outside, published on 127.0.0.1 only;
 * the brokers reach each other over a network of their own.
 */
export async function startDockerBrokers(request: ProviderRequest, log: LogSink): Promise<RunningCluster> {
  const image = `apache/kafka:${request.kafkaVersion}`;
  await pullOnce(image, log);
  const keystore = needsTls(request) ? await tlsKeystore(containerKeytool(image)) : null;
  const resources = await ClusterResources.acquire(request.keepData);
  const network = `kafka-test-${randomBytes(6).toString('hex')}`;
  try {
    resources.watchdog.watchNetwork(network);
    await run('docker', ['network', 'create', network]);
    const brokers = (await planBrokers(request, resources.ports)).map((plan): BrokerPlan => {
      const name = `${network}-${plan.nodeId}`;
      return { ...plan, controllerHost: name, internal: { host: name, port: 19_092 } };
    });
    const plan: ClusterPlan = {
      brokers,
      profile: request.profile,
      users: request.users,
      keystore: keystore === null ? null : { path: KEYSTORE, password: keystore.password },
      bindHost: '0.0.0.0',
      overrides: request.brokerProperties,
    };
    const clusterId = randomUuid();
    for (const broker of brokers) {
      const name = broker.controllerHost;
      const home = await resources.brokerHome(broker.nodeId, serverProperties(plan, broker, DATA));
      const ports = [...broker.listeners.values()].flatMap(({ port }) => ['--publish', `127.0.0.1:${port}:${port}`]);
      const mounts = ['--volume', `${home}:${HOME}:ro`];
      if (keystore !== null) mounts.push('--volume', `${keystore.path}:${KEYSTORE}:ro`);
      const container = ['--name', name, '--network', network, '--env', `KAFKA_HEAP_OPTS=${HEAP[request.profile]}`];
      const script = startScript(clusterId, scramArguments(request.users));
      const firstStart = ['run', ...container, ...ports, ...mounts, '--entrypoint', '/bin/bash', image, '-c', script];
      resources.watchdog.watchContainer(name);
      resources.brokers.push(
        new BrokerProcess({
          nodeId: broker.nodeId,
          command: 'docker',
          args: (startsBefore) => (startsBefore === 0 ? firstStart : ['start', '--attach', name]),
          logFile: join(home, 'broker.log'),
          directory: home,
          watchdog: resources.watchdog,
          deliver: (signal) => deliver(signal, name),
        }),
      );
    }
    for (const broker of resources.brokers) broker.start();
    return {
      description: {
        kafkaVersion: request.kafkaVersion,
        brokers: brokers.map(describeBroker),
        users: request.users,
        ca: keystore?.ca ?? null,
      },
      brokers: resources.brokers,
      directory: resources.directory,
      // Containers and the network are removed by the watchdog, the one place that knows them all.
      dispose: resources.dispose,
    };
  } catch (error) {
    await resources.dispose({ keep: 'nothing' });
    throw error;
  }
}

/** Before the clock of the start runs: the image is some hundred megabytes. */
async function pullOnce(image: string, log: LogSink): Promise<void> {
  const present = await run('docker', ['image', 'inspect', image]).then(
    () => true,
    () => false,
  );
  if (present) return;
  log.info(`Getting the image ${image} (only this once)`);
  await run('docker', ['pull', '--quiet', image]);
}

function startScript(clusterId: string, scram: readonly string[]): string {
  const users = scram.map((argument) => `'${argument}'`).join(' ');
  const format = `${KAFKA}/kafka-storage.sh format --ignore-formatted -t ${clusterId} -c ${HOME}/server.properties ${users}`;
  return `${format} && exec ${KAFKA}/kafka-server-start.sh ${HOME}/server.properties`;
}

async function deliver(signal: BrokerSignal, container: string): Promise<void> {
  switch (signal) {
    case 'SIGSTOP':
      await run('docker', ['pause', container]);
      return;
    case 'SIGCONT':
      await run('docker', ['unpause', container]);
      return;
    case 'SIGKILL':
    case 'SIGTERM':
      await run('docker', ['kill', '--signal', signal.slice(3), container]);
  }
}

function containerKeytool(image: string): Keytool {
  const user = process.getuid === undefined ? [] : ['--user', `${process.getuid()}:${process.getgid?.() ?? 0}`];
  return (args, directory) =>
    run('docker', [
      'run',
      '--rm',
      ...user,
      '--volume',
      `${directory}:${directory}`,
      '--entrypoint',
      'keytool',
      image,
      ...args,
    ]);
}
