import type { LogSink } from '../wire/log-sink.js';

/** Listeners a client may ask for. `plaintext` is always there: the brokers replicate over it. */
export type ClientListener = 'plaintext' | 'ssl' | 'sasl_plaintext' | 'sasl_ssl';

/**
 * A listener by name: one of the client listeners, `fault` (its advertised addresses are those of the cluster's own fault
 * proxy), or `fault1`, `fault2`, ... (advertised addresses where nobody listens until a test starts a proxy there).
 */
export type ListenerName = ClientListener | 'fault' | `fault${number}`;

export type SaslMechanism = 'plain' | 'scram-sha-256' | 'scram-sha-512';

/** A user that may log in on the SASL listeners. */
export interface TestUser {
  readonly mechanism: SaslMechanism;
  readonly username: string;
  readonly password: string;
}

/** A topic to create. Defaults: 1 partition, as many replicas as the cluster has brokers. */
export interface TestTopic {
  readonly partitions?: number;
  readonly replicationFactor?: number;
  /** Topic configuration by Kafka's names, for example `{ 'cleanup.policy': 'compact' }`. */
  readonly configs?: Readonly<Record<string, string>>;
}

/** `test`: small heaps and short timeouts; `bench`: 1 GB heaps with G1 and Kafka's own timeouts. */
export type ClusterProfile = 'test' | 'bench';

/** Where the brokers come from. `auto` takes Java if it can, then Docker. */
export type ClusterProvider = 'auto' | 'java' | 'docker';

export interface KafkaTestClusterOptions {
  /** Brokers, each also a KRaft controller. Default 1. */
  readonly brokers?: 1 | 3;
  /** Default: the version in `KAFKA_HOME` where that is set, else `4.3.1`; 3.9.1 is tested as well. */
  readonly kafkaVersion?: string;
  /** Default `test`. */
  readonly profile?: ClusterProfile;
  /** Listeners besides `plaintext`. Default none. */
  readonly listeners?: readonly ClientListener[];
  /** Users of the SASL listeners. Default with such a listener: one user `test` with password `test-secret` per mechanism. */
  readonly users?: readonly TestUser[];
  /** Topics to create before `start` resolves. */
  readonly topics?: readonly (TestTopic & { readonly name: string })[];
  /** Settings put over the generated `server.properties` of every broker, by Kafka's names. */
  readonly brokerProperties?: Readonly<Record<string, string>>;
  /** Starts a fault proxy in front of each broker and adds the listener `fault` that leads through it. Default false. */
  readonly faultProxy?: boolean;
  /** How many listeners `fault1`, `fault2`, ... to add whose proxies are started by somebody else. Default 0. */
  readonly spareFaultListeners?: number;
  /** Limit for the whole start, downloads excluded. Default 60 000 ms. */
  readonly startTimeoutMs?: number;
  /** Leaves the directory with logs and data behind at `stop`. Default false. */
  readonly keepData?: boolean;
  /**
   * A cluster that runs already (`['host:9092']`, a plaintext listener). Nothing is started or stopped then. Default: the variable
   * `KAFKA_BROKERS`; an empty list starts brokers whatever that says.
   */
  readonly bootstrapServers?: readonly string[];
  /** Default: the variable `KAFKA_TEST_PROVIDER`, else `auto`. */
  readonly provider?: ClusterProvider;
  /** Where the steps of the start are told. Default: nowhere. */
  readonly log?: LogSink;
}

export const DEFAULT_KAFKA_VERSION = '4.3.1';
export const DEFAULT_USERS: readonly TestUser[] = (['plain', 'scram-sha-256', 'scram-sha-512'] as const).map(
  (mechanism) => ({ mechanism, username: 'test', password: 'test-secret' }),
);
