import type { ListenerName, TestUser } from '../kafka-test-cluster-options.js';

/** One listener of one broker. */
export interface ListenerAddress {
  readonly host: string;
  /** Where the broker itself listens. */
  readonly port: number;
  /** What the broker tells its clients: the same port, except on fault listeners, where it is the proxy's. */
  readonly advertisedPort: number;
}

export interface BrokerDescription {
  readonly nodeId: number;
  readonly listeners: Readonly<Partial<Record<ListenerName, ListenerAddress>>>;
}

/**
 * Everything a client has to know about a cluster, as plain data: it survives JSON, so another process can attach to a
 * cluster with `new KafkaClusterView(description)`.
 */
export interface ClusterDescription {
  readonly kafkaVersion: string;
  readonly brokers: readonly BrokerDescription[];
  readonly users: readonly TestUser[];
  /** The certificate of the TLS listeners in PEM, or null when there are none. */
  readonly ca: string | null;
}
