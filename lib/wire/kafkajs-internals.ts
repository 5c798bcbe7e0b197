import type { Socket } from 'node:net';

/**
 * The parts of kafkajs 2.2.x behind its documented API that `cluster-link.ts` uses, and nothing else. kafkajs is frozen, so these
 * are stable in fact; `assertKafkaJSShape` fails with one clear error where they are not.
 */
export interface KafkaJSConnection {
  socket?: Socket;
  readonly sessionLifetime: { toString(): string };
  readonly requestQueue: { destroy(): void };
}

export interface KafkaJSConnectionPool {
  readonly pool: readonly KafkaJSConnection[];
}

export interface KafkaJSBroker {
  readonly connectionPool: KafkaJSConnectionPool;
  /** Opens the connection, asks ApiVersions, authenticates. */
  connect(): Promise<void>;
}

export interface KafkaJSCluster {
  readonly rootLogger: unknown;
  readonly connectionPoolBuilder: {
    build(destination: { host: string; port: number }): Promise<KafkaJSConnectionPool>;
  };
  readonly brokerPool: {
    createBroker(options: { connectionPool: KafkaJSConnectionPool; logger: unknown }): KafkaJSBroker;
  };
}
