import type { ClientListener, ClusterProfile, ListenerName, TestUser } from '../kafka-test-cluster-options.js';
import type { ListenerAddress } from './cluster-description.js';

/** What one broker's `server.properties` are made from. */
export interface BrokerPlan {
  readonly nodeId: number;
  /** Where the other nodes reach this one's controller. */
  readonly controllerHost: string;
  readonly controllerPort: number;
  /** Where the other nodes reach this one's broker, if not by its `plaintext` listener. */
  readonly internal: { readonly host: string; readonly port: number } | null;
  readonly listeners: ReadonlyMap<ListenerName, ListenerAddress>;
}

export interface ClusterPlan {
  readonly brokers: readonly BrokerPlan[];
  readonly profile: ClusterProfile;
  readonly users: readonly TestUser[];
  readonly keystore: { readonly path: string; readonly password: string } | null;
  /** The address the brokers bind: 127.0.0.1, or 0.0.0.0 inside a container. */
  readonly bindHost: string;
  readonly overrides: Readonly<Record<string, string>>;
}

const SECURITY: Readonly<Record<ClientListener, string>> = {
  plaintext: 'PLAINTEXT',
  ssl: 'SSL',
  sasl_plaintext: 'SASL_PLAINTEXT',
  sasl_ssl: 'SASL_SSL',
};

/** The settings of one broker by Kafka's names. Works for 3.9 and 4.x alike. */
export function serverProperties(plan: ClusterPlan, broker: BrokerPlan, dataDirectory: string): Record<string, string> {
  const voters = plan.brokers.map((b) => `${b.nodeId}@${b.controllerHost}:${b.controllerPort}`).join(',');
  return {
    'process.roles': 'broker,controller',
    'node.id': String(broker.nodeId),
    'controller.quorum.voters': voters,
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': dataDirectory,
    ...listenerProperties(plan, broker),
    ...replicationProperties(plan.brokers.length),
    ...(plan.profile === 'test' ? TEST_PROFILE : BENCH_PROFILE),
    ...saslProperties(plan, broker),
    ...tlsProperties(plan),
    ...plan.overrides,
  };
}

/** Kafka reads these files as Java properties: backslashes start escapes, and some characters end a key. */
export function formatProperties(properties: Readonly<Record<string, string>>): string {
  const lines = Object.entries(properties).map(([key, value]) => `${key}=${value.replaceAll('\\', '\\\\')}`);
  return `${lines.join('\n')}\n`;
}

function listenerProperties(plan: ClusterPlan, broker: BrokerPlan): Record<string, string> {
  const bound = [`CONTROLLER://${plan.bindHost}:${broker.controllerPort}`];
  const advertised: string[] = [];
  const security = ['CONTROLLER:PLAINTEXT'];
  for (const [name, address] of broker.listeners) {
    const kafkaName = name.toUpperCase();
    bound.push(`${kafkaName}://${plan.bindHost}:${address.port}`);
    advertised.push(`${kafkaName}://${address.host}:${address.advertisedPort}`);
    security.push(`${kafkaName}:${name in SECURITY ? SECURITY[name as ClientListener] : 'PLAINTEXT'}`);
  }
  if (broker.internal !== null) {
    bound.push(`INTERNAL://${plan.bindHost}:${broker.internal.port}`);
    advertised.push(`INTERNAL://${broker.internal.host}:${broker.internal.port}`);
    security.push('INTERNAL:PLAINTEXT');
  }
  return {
    listeners: bound.join(','),
    'advertised.listeners': advertised.join(','),
    'listener.security.protocol.map': security.join(','),
    'inter.broker.listener.name': broker.internal === null ? 'PLAINTEXT' : 'INTERNAL',
  };
}

/** The internal topics default to three replicas; a single broker could never create them. */
function replicationProperties(brokers: number): Record<string, string> {
  const replicas = String(brokers);
  const minimumInSync = brokers === 1 ? '1' : '2';
  return {
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': minimumInSync,
    'transaction.state.log.num.partitions': '4',
    'default.replication.factor': replicas,
    'min.insync.replicas': minimumInSync,
    'unclean.leader.election.enable': 'false',
    // Leaders move only when a test makes them.
    'auto.leader.rebalance.enable': 'false',
    'auto.create.topics.enable': 'false',
    'group.initial.rebalance.delay.ms': '0',
  };
}

const TEST_PROFILE: Readonly<Record<string, string>> = {
  'group.min.session.timeout.ms': '100',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '500',
  'broker.heartbeat.interval.ms': '500',
  'broker.session.timeout.ms': '3000',
  'replica.lag.time.max.ms': '5000',
  'num.network.threads': '2',
  'num.io.threads': '4',
  // The default of 128 MB is allocated at once.
  'log.cleaner.dedupe.buffer.size': '2097152',
};

const BENCH_PROFILE: Readonly<Record<string, string>> = {
  'num.network.threads': '3',
  'num.io.threads': '8',
};

function saslProperties(plan: ClusterPlan, broker: BrokerPlan): Record<string, string> {
  const properties: Record<string, string> = {};
  const plainUsers = plan.users.filter((user) => user.mechanism === 'plain');
  const accounts = plainUsers.map((user) => `user_${user.username}="${user.password}"`).join(' ');
  for (const name of broker.listeners.keys()) {
    if (!name.startsWith('sasl_')) continue;
    const prefix = `listener.name.${name}.`;
    properties[`${prefix}sasl.enabled.mechanisms`] = 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512';
    properties[`${prefix}plain.sasl.jaas.config`] =
      `org.apache.kafka.common.security.plain.PlainLoginModule required ${accounts};`;
    for (const mechanism of ['scram-sha-256', 'scram-sha-512']) {
      properties[`${prefix}${mechanism}.sasl.jaas.config`] =
        'org.apache.kafka.common.security.scram.ScramLoginModule required;';
    }
  }
  return properties;
}

function tlsProperties(plan: ClusterPlan): Record<string, string> {
  if (plan.keystore === null) return {};
  return {
    'ssl.keystore.type': 'PKCS12',
    'ssl.keystore.location': plan.keystore.path,
    'ssl.keystore.password': plan.keystore.password,
    'ssl.key.password': plan.keystore.password,
  };
}
