import type { Cluster, KafkaConfig } from 'kafkajs';
import { BrokerConnection } from './broker-connection.js';
import { parseBootstrapServers, type BootstrapAddress } from './bootstrap-servers.js';
import {
  BrokerConnectionError,
  BrokerUnavailableError,
  IncompatibleKafkaJSError,
  KafkaAuthenticationError,
} from './connection-errors.js';
import { toConnectionError } from './connect-failure.js';
import type { BrokerAddress } from './cluster-metadata.js';
import { guardedSocketFactory, releaseSocket } from './guarded-socket-factory.js';
import type { KafkaClientOptions } from './kafka-client-options.js';
import { Kafka, logLevel } from './kafkajs.js';
import type { KafkaJSCluster } from './kafkajs-internals.js';
import type { LogSink } from './log-sink.js';
import { apiVersionsApi } from './protocol/api-versions.js';
import { ReconnectBackoff } from './reconnect-backoff.js';

export interface ClusterLinkOptions {
  readonly client: KafkaClientOptions;
  readonly clientId: string;
  readonly log: LogSink;
  readonly connectionSetupTimeoutMs: number;
  readonly connectionsMaxIdleMs: number;
  readonly reconnectBackoffMs: number;
  readonly reconnectBackoffMaxMs: number;
  /** A connection has opened or ended: whoever waits for one looks again. */
  readonly onChange: () => void;
}

/** Node id of a connection to a bootstrap address, whose real id is not known yet. */
const BOOTSTRAP_NODE = -1;
/** Before a SASL session ends the connection is replaced, while nothing is in flight on it. */
const SESSION_MARGIN = 0.85;

/**
 * The connections of one producer to its cluster, one per broker.
 *
 * kafkajs opens, encrypts and authenticates each connection (so every TLS option, SASL mechanism and custom authenticator that
 * works there works here); then the socket is adopted by a `BrokerConnection`. Why not `connectionPool.send`:
 * docs/decisions/0001-adopt-the-socket.md. The only file that reaches past kafkajs's documented API.
 */
export class ClusterLink {
  private readonly options: ClusterLinkOptions;
  private readonly cluster: KafkaJSCluster;
  private readonly connections = new Map<number, BrokerConnection>();
  private readonly connecting = new Map<number, Promise<BrokerConnection>>();
  private readonly sessionTimers = new Map<BrokerConnection, NodeJS.Timeout>();
  private readonly expiring = new WeakSet<BrokerConnection>();
  private readonly backoff: ReconnectBackoff;
  private brokers = new Map<number, BrokerAddress>();
  private bootstrapIndex = 0;
  private closed = false;
  private lastFailure: Error | null = null;

  public constructor(options: ClusterLinkOptions) {
    this.options = options;
    this.backoff = new ReconnectBackoff(options.reconnectBackoffMs, options.reconnectBackoffMaxMs);
    this.cluster = captureCluster(options);
  }

  /** The last failure to open a connection, for messages; null after a success. */
  public get lastConnectFailure(): Error | null {
    return this.lastFailure;
  }

  /** The brokers of the latest metadata. Connections to brokers that moved or left are closed. */
  public updateBrokers(brokers: readonly BrokerAddress[]): void {
    if (brokers.length === 0) return;
    const next = new Map(brokers.map((broker) => [broker.nodeId, broker]));
    for (const [nodeId, known] of this.brokers) {
      const now = next.get(nodeId);
      if (now !== undefined && now.host === known.host && now.port === known.port) continue;
      const where = `${known.host}:${known.port}`;
      this.connections.get(nodeId)?.close(new BrokerConnectionError(`The broker ${nodeId} is no longer at ${where}.`));
      this.backoff.succeeded(nodeId);
    }
    this.brokers = next;
    this.adoptBootstrapConnection();
  }

  public get knownBrokers(): Iterable<BrokerAddress> {
    return this.brokers.values();
  }

  /** Brokers with an open connection. */
  public get connectedBrokers(): number {
    return this.connections.size;
  }

  /** The open connection to a broker, or null. Never opens one. */
  public openConnection(nodeId: number): BrokerConnection | null {
    const connection = this.connections.get(nodeId);
    if (connection === undefined) return null;
    if (!this.expiring.has(connection)) return connection;
    if (connection.inFlight === 0) connection.close(new BrokerConnectionError('The SASL session is about to end.'));
    return null;
  }

  /**
   * Starts to connect in the background unless connected, connecting or backing off. `onChange` tells when there is news.
   * @returns milliseconds until it is worth asking again: 0 when connected
   */
  public ready(nodeId: number, now: number): number {
    if (this.openConnection(nodeId) !== null) return 0;
    if (this.closed || !this.brokers.has(nodeId) || this.connecting.has(nodeId)) return Number.POSITIVE_INFINITY;
    const wait = this.backoff.remaining(nodeId, now);
    if (wait > 0) return wait;
    this.connect(nodeId).catch((error: unknown) =>
      this.options.log.debug(`Connecting to broker ${nodeId} failed: ${String(error)}`),
    );
    return Number.POSITIVE_INFINITY;
  }

  /**
   * The open connection to a broker, opening it if needed; callers at the same time share one attempt.
   * @throws BrokerConnectionError (retriable), KafkaAuthenticationError
   */
  public connect(nodeId: number): Promise<BrokerConnection> {
    const open = this.openConnection(nodeId);
    if (open !== null) return Promise.resolve(open);
    const running = this.connecting.get(nodeId);
    if (running !== undefined) return running;
    const broker = this.brokers.get(nodeId);
    if (broker === undefined) {
      return Promise.reject(new BrokerConnectionError(`The broker ${nodeId} is not in the cluster's metadata.`));
    }
    return this.shared(nodeId, this.open(nodeId, broker.host, broker.port));
  }

  /**
   * A connection to any broker, for metadata: an open one with the fewest requests in flight, else a new one to a known broker, else to a
   * bootstrap address. Tries each at most once.
   * @param avoid a connection that is not wanted: then only other known brokers are tried
   * @throws BrokerUnavailableError when none can be reached; KafkaAuthenticationError
   */
  public async connectAny(avoid: BrokerConnection | null = null): Promise<BrokerConnection> {
    const open = this.leastLoaded(avoid);
    if (open !== null) return open;
    const failures: string[] = [];
    const now = Date.now();
    for (const { nodeId, host, port } of this.brokers.values()) {
      if (this.backoff.remaining(nodeId, now) > 0 || avoid?.address === `${host}:${port}`) continue;
      try {
        return await this.connect(nodeId);
      } catch (error) {
        rethrowIfFinal(error);
        failures.push(messageOf(error));
      }
    }
    if (avoid !== null) throw new BrokerUnavailableError(`There is no other broker than ${avoid.address} to ask.`);
    return this.connectBootstrap(failures);
  }

  /** Closes every connection; what is in flight fails with `error`. */
  public async close(error: Error): Promise<void> {
    this.closed = true;
    const opening = [...this.connecting.values()];
    for (const connection of this.connections.values()) connection.close(error);
    await Promise.allSettled(opening);
    for (const connection of this.connections.values()) connection.close(error);
  }

  /** Fails what is in flight on the connection of a broker and drops it. */
  public disconnect(nodeId: number, error: Error): void {
    this.connections.get(nodeId)?.close(error);
  }

  private leastLoaded(avoid: BrokerConnection | null): BrokerConnection | null {
    let best: BrokerConnection | null = null;
    for (const nodeId of this.connections.keys()) {
      const connection = this.openConnection(nodeId);
      if (connection === null || connection === avoid) continue;
      if (best === null || connection.inFlight < best.inFlight) best = connection;
    }
    return best;
  }

  private async connectBootstrap(failures: string[]): Promise<BrokerConnection> {
    const running = this.connecting.get(BOOTSTRAP_NODE);
    if (running !== undefined) return running;
    const attempt = (async (): Promise<BrokerConnection> => {
      const { brokers } = this.options.client;
      const addresses: BootstrapAddress[] = parseBootstrapServers(
        typeof brokers === 'function' ? await brokers() : brokers,
      );
      for (let tried = 0; tried < addresses.length; tried++) {
        const address = addresses[this.bootstrapIndex++ % addresses.length];
        if (address === undefined) continue;
        try {
          return await this.open(BOOTSTRAP_NODE, address.host, address.port);
        } catch (error) {
          rethrowIfFinal(error);
          failures.push(messageOf(error));
        }
      }
      const where = addresses.map(({ host, port }) => `${host}:${port}`).join(', ');
      throw new BrokerUnavailableError(
        `No Kafka broker could be reached at ${where}. Is the cluster running, are host and port right, does the listener match the ssl setting? ${[...new Set(failures)].join(' ')}`,
        { cause: this.lastFailure },
      );
    })();
    return this.shared(BOOTSTRAP_NODE, attempt);
  }

  private shared(nodeId: number, attempt: Promise<BrokerConnection>): Promise<BrokerConnection> {
    const tracked = attempt.finally(() => {
      this.connecting.delete(nodeId);
      this.options.onChange();
    });
    this.connecting.set(nodeId, tracked);
    return tracked;
  }

  private async open(nodeId: number, host: string, port: number): Promise<BrokerConnection> {
    try {
      const connection = await this.openSocket(nodeId, host, port);
      this.backoff.succeeded(nodeId);
      this.lastFailure = null;
      return connection;
    } catch (cause) {
      const error = toConnectionError(cause, `${host}:${port}`);
      this.backoff.failed(nodeId, Date.now());
      this.lastFailure = error;
      throw error;
    }
  }

  private async openSocket(nodeId: number, host: string, port: number): Promise<BrokerConnection> {
    const pool = await this.cluster.connectionPoolBuilder.build({ host, port });
    const kafkajsConnection = pool.pool[0];
    if (kafkajsConnection === undefined) throw incompatible('a connection pool without connections');
    const broker = this.cluster.brokerPool.createBroker({ connectionPool: pool, logger: this.cluster.rootLogger });
    try {
      await broker.connect();
    } catch (error) {
      kafkajsConnection.socket?.destroy();
      kafkajsConnection.requestQueue.destroy();
      throw error;
    }
    kafkajsConnection.requestQueue.destroy();
    const { socket } = kafkajsConnection;
    if (socket === undefined) throw incompatible('a connected connection without a socket');
    releaseSocket(socket);

    const address = `${host}:${port}`;
    const connection = new BrokerConnection(socket, {
      clientId: this.options.clientId,
      address,
      maxIdleMs: this.options.connectionsMaxIdleMs,
      onClose: (error) => this.forget(connection, error),
    });
    await this.askVersions(connection);
    if (this.closed) {
      const error = new BrokerConnectionError(`The connection to ${address} was closed while it was opened.`);
      connection.close(error);
      throw error;
    }
    this.connections.set(nodeId, connection);
    this.watchSession(connection, Number(kafkajsConnection.sessionLifetime.toString()));
    return connection;
  }

  private async askVersions(connection: BrokerConnection): Promise<void> {
    const timeoutMs = this.options.connectionSetupTimeoutMs;
    const request = { clientSoftwareName: 'nestjs-kafka-producer', clientSoftwareVersion: '0' };
    const newest = apiVersionsApi.maxVersion;
    const versions = await connection.send(apiVersionsApi, request, timeoutMs, newest);
    connection.useVersions(versions);
  }

  private watchSession(connection: BrokerConnection, lifetimeMs: number): void {
    if (!(lifetimeMs > 0)) return;
    const timer = setTimeout(() => {
      this.expiring.add(connection);
      this.options.onChange();
    }, lifetimeMs * SESSION_MARGIN);
    timer.unref();
    this.sessionTimers.set(connection, timer);
  }

  /** The bootstrap connection turns out to lead to a broker of the cluster: it becomes that broker's. */
  private adoptBootstrapConnection(): void {
    const connection = this.connections.get(BOOTSTRAP_NODE);
    if (connection === undefined) return;
    for (const { nodeId, host, port } of this.brokers.values()) {
      if (connection.address !== `${host}:${port}` || this.connections.has(nodeId) || this.connecting.has(nodeId))
        continue;
      this.connections.delete(BOOTSTRAP_NODE);
      this.connections.set(nodeId, connection);
      return;
    }
  }

  private forget(connection: BrokerConnection, error: Error): void {
    clearTimeout(this.sessionTimers.get(connection));
    this.sessionTimers.delete(connection);
    for (const [nodeId, known] of this.connections) {
      if (known === connection) this.connections.delete(nodeId);
    }
    if (this.closed) return;
    this.options.log.debug(`Connection to ${connection.address} ended: ${error.message}`);
    this.options.onChange();
  }
}

/**
 * kafkajs hands its `Cluster` to the partition assigners of a consumer; the consumer is never connected.
 * @throws IncompatibleKafkaJSError
 */
function captureCluster(options: ClusterLinkOptions): KafkaJSCluster {
  const { client, log } = options;
  let captured: Cluster | undefined;
  const config: KafkaConfig = {
    brokers: client.brokers,
    clientId: options.clientId,
    connectionTimeout: client.connectionTimeout ?? options.connectionSetupTimeoutMs,
    requestTimeout: options.connectionSetupTimeoutMs,
    socketFactory: guardedSocketFactory(client.socketFactory),
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
  return assertKafkaJSShape(captured);
}

function assertKafkaJSShape(cluster: unknown): KafkaJSCluster {
  const candidate = cluster as Partial<KafkaJSCluster> | undefined;
  if (typeof candidate?.connectionPoolBuilder?.build !== 'function') throw incompatible('no connectionPoolBuilder');
  if (typeof candidate.brokerPool?.createBroker !== 'function') throw incompatible('no brokerPool.createBroker');
  return candidate as KafkaJSCluster;
}

function incompatible(what: string): IncompatibleKafkaJSError {
  return new IncompatibleKafkaJSError(
    `The installed kafkajs has ${what}. This library builds on kafkajs 2.2.4: run npm install kafkajs@2.2.4.`,
  );
}

function rethrowIfFinal(error: unknown): void {
  if (error instanceof KafkaAuthenticationError || error instanceof IncompatibleKafkaJSError) throw error;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
