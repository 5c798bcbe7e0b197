import type { Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { Cluster, KafkaConfig } from 'kafkajs';
import { BrokerConnectionError, IncompatibleKafkaJSError, KafkaAuthenticationError } from './connection-errors.js';
import { guardedSocketFactory, releaseSocket } from './guarded-socket-factory.js';
import type { KafkaClientOptions } from './kafka-client-options.js';
import { Kafka, logLevel } from './kafkajs.js';
import type { LogSink } from './log-sink.js';

/**
 * The parts of kafkajs 2.2.x behind its documented API that are used here, and nowhere else. kafkajs is frozen, so they are stable in
 * fact; `assertShape` fails with one clear error where they are not.
 */
interface KafkaJSConnection {
  socket?: Socket;
  readonly sessionLifetime: { toString(): string };
  readonly requestQueue: { destroy(): void };
}

interface KafkaJSConnectionPool {
  readonly pool: readonly KafkaJSConnection[];
}

interface KafkaJSCluster {
  readonly rootLogger: unknown;
  readonly connectionPoolBuilder: {
    build(destination: { host: string; port: number }): Promise<KafkaJSConnectionPool>;
  };
  readonly brokerPool: {
    createBroker(options: { connectionPool: KafkaJSConnectionPool; logger: unknown }): {
      /** Opens the connection, asks ApiVersions, authenticates. */
      connect(): Promise<void>;
    };
  };
}

export interface KafkaJSConnectorOptions {
  readonly client: KafkaClientOptions;
  readonly clientId: string;
  readonly log: LogSink;
  /** Milliseconds for TCP and TLS, and once more for the first request; `client.connectionTimeout` wins. */
  readonly connectionSetupTimeoutMs: number;
}

/** A connected, encrypted, authenticated socket without listeners. */
export interface ConnectedSocket {
  readonly socket: Socket;
  /** Milliseconds until the broker ends the SASL session (KIP-368); 0 = it does not. */
  readonly sessionLifetimeMs: number;
}

/** kafkajs's default. */
const AUTHENTICATION_TIMEOUT_MS = 10_000;

/**
 * Lets kafkajs open connections: every TLS option, SASL mechanism and custom authenticator that works there works here. Its own reading and writing
 * is not used (docs/decisions/0001-adopt-the-socket.md). The only file that reaches past kafkajs's documented API.
 */
export class KafkaJSConnector {
  private readonly cluster: KafkaJSCluster;
  /** Sockets of attempts under way. */
  private readonly opening = new Set<Socket>();
  private readonly aborts = new Set<() => void>();
  private closed = false;

  /** @throws IncompatibleKafkaJSError; KafkaAuthenticationError for TLS options that cannot be used */
  public constructor(private readonly options: KafkaJSConnectorOptions) {
    assertTlsOptions(options.client.ssl);
    this.cluster = captureCluster(options, (socket) => this.track(socket));
  }

  /** @throws what kafkajs throws; BrokerConnectionError when the time is over or the connector is closed */
  public async open(host: string, port: number): Promise<ConnectedSocket> {
    const pool = await this.cluster.connectionPoolBuilder.build({ host, port });
    const connection = pool.pool[0];
    if (connection === undefined) throw incompatible('a connection pool without connections');
    const broker = this.cluster.brokerPool.createBroker({ connectionPool: pool, logger: this.cluster.rootLogger });
    try {
      await this.withinSetupTime(broker.connect(), `${host}:${port}`);
    } catch (error) {
      connection.socket?.destroy();
      throw error;
    } finally {
      connection.requestQueue.destroy();
    }
    const { socket } = connection;
    if (socket === undefined) throw incompatible('a connected connection without a socket');
    this.opening.delete(socket);
    releaseSocket(socket);
    return { socket, sessionLifetimeMs: Number(connection.sessionLifetime.toString()) };
  }

  /** Ends every attempt under way. */
  public close(error: Error): void {
    this.closed = true;
    for (const socket of this.opening) socket.destroy(error);
    for (const abort of this.aborts) abort();
  }

  private track(socket: Socket): void {
    this.opening.add(socket);
    socket.once('close', () => this.opening.delete(socket));
    if (this.closed) socket.destroy(new BrokerConnectionError('The producer is closed.'));
  }

  /** kafkajs waits for ever for a peer that falls silent in the middle of an old-style SASL exchange. */
  private async withinSetupTime(connecting: Promise<void>, address: string): Promise<void> {
    const { client, connectionSetupTimeoutMs } = this.options;
    const limitMs = 2 * connectionSetupTimeoutMs + (client.authenticationTimeout ?? AUTHENTICATION_TIMEOUT_MS);
    let abort = (): void => undefined;
    const overdue = new Promise<never>((_, reject) => {
      const timer = setTimeout(() => {
        reject(new BrokerConnectionError(`${address}: not connected and logged in within ${limitMs} ms.`));
      }, limitMs);
      abort = (): void => {
        clearTimeout(timer);
        reject(new BrokerConnectionError(`${address}: the attempt to connect was ended.`));
      };
    });
    this.aborts.add(abort);
    try {
      await Promise.race([connecting, overdue]);
    } finally {
      this.aborts.delete(abort);
      abort();
    }
  }
}

/** kafkajs hands its `Cluster` to the partition assigners of a consumer; the consumer is never connected. */
function captureCluster(options: KafkaJSConnectorOptions, onSocket: (socket: Socket) => void): KafkaJSCluster {
  const { client, log } = options;
  let captured: unknown;
  const config: KafkaConfig = {
    brokers: client.brokers,
    clientId: options.clientId,
    connectionTimeout: client.connectionTimeout ?? options.connectionSetupTimeoutMs,
    // Only the handshake is kafkajs's.
    requestTimeout: options.connectionSetupTimeoutMs,
    socketFactory: guardedSocketFactory(client.socketFactory, onSocket),
    // Messages only: the fields beside them may hold what a peer has sent.
    logCreator: () => (entry) => log.debug(`kafkajs ${entry.namespace}: ${entry.log.message}`),
    logLevel: logLevel.INFO,
    ...(client.ssl === undefined ? {} : { ssl: client.ssl }),
    ...(client.sasl === undefined ? {} : { sasl: client.sasl }),
    ...(client.authenticationTimeout === undefined ? {} : { authenticationTimeout: client.authenticationTimeout }),
  };
  new Kafka(config).consumer({
    groupId: 'cluster-link',
    partitionAssigners: [
      ({ cluster }: { cluster: Cluster }) => {
        captured = cluster;
        return {
          name: 'cluster-link',
          version: 0,
          assign: () => Promise.resolve([]),
          protocol: () => ({ name: 'cluster-link', metadata: Buffer.alloc(0) }),
        };
      },
    ],
  });
  assertShape(captured);
  return captured;
}

function assertShape(cluster: unknown): asserts cluster is KafkaJSCluster {
  const candidate = cluster as Partial<KafkaJSCluster> | undefined;
  if (typeof candidate?.connectionPoolBuilder?.build !== 'function') throw incompatible('no connectionPoolBuilder');
  if (typeof candidate.brokerPool?.createBroker !== 'function') throw incompatible('no brokerPool.createBroker');
}

/** A wrong key or certificate would fail every attempt to connect: better say so before the first. */
function assertTlsOptions(ssl: KafkaClientOptions['ssl']): void {
  if (typeof ssl !== 'object' || ssl === null) return;
  try {
    createSecureContext(ssl);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'unknown error';
    throw new KafkaAuthenticationError(
      `client.ssl cannot be used: ${reason}. Check ca, cert, key and passphrase; each is the text of a PEM file.`,
      { cause },
    );
  }
}

function incompatible(what: string): IncompatibleKafkaJSError {
  return new IncompatibleKafkaJSError(
    `The installed kafkajs has ${what}. This library builds on kafkajs 2.2.4: run npm install kafkajs@2.2.4.`,
  );
}
