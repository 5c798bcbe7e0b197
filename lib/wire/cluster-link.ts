import { AsyncResource } from 'node:async_hooks';
import { BrokerConnection } from './broker-connection.js';
import { parseBootstrapServers, type BootstrapAddress } from './bootstrap-servers.js';
import { BrokerResponseError } from './broker-response-error.js';
import {
  BrokerConnectionError,
  BrokerUnavailableError,
  IdleConnectionError,
  IncompatibleKafkaJSError,
  KafkaAuthenticationError,
} from './connection-errors.js';
import { toConnectionError } from './connect-failure.js';
import type { BrokerAddress } from './cluster-metadata.js';
import type { KafkaClientOptions } from './kafka-client-options.js';
import { KafkaJSConnector } from './kafkajs-connector.js';
import { LIBRARY_VERSION } from './library-version.js';
import type { LogSink } from './log-sink.js';
import { apiVersionsApi } from './protocol/api-versions.js';
import { ReconnectBackoff } from './reconnect-backoff.js';
import { messageOf } from './message-of.js';

export interface ClusterLinkOptions {
  readonly client: KafkaClientOptions;
  readonly clientId: string;
  readonly log: LogSink;
  readonly connectionSetupTimeoutMs: number;
  readonly connectionsMaxIdleMs: number;
  readonly reconnectBackoffMs: number;
  readonly reconnectBackoffMaxMs: number;
  /** A connection has opened or ended, or may be replaced: whoever waits for one looks again. */
  readonly onChange: () => void;
}

/** Node id of a connection to a bootstrap address, whose real id is not known yet. */
const BOOTSTRAP_NODE = -1;
const UNSUPPORTED_VERSION = 35;
/** Before a SASL session ends the connection is replaced, while nothing is in flight on it. */
const SESSION_MARGIN = 0.85;

/**
 * The connections of one producer to its cluster, one per broker, opened when they are needed. kafkajs connects and logs in
 * (`KafkaJSConnector`); then the socket is a `BrokerConnection`'s.
 */
export class ClusterLink {
  private readonly options: ClusterLinkOptions;
  private readonly connector: KafkaJSConnector;
  private readonly connections = new Map<number, BrokerConnection>();
  /** Opened, and not yet asked what they speak. */
  private readonly adopting = new Set<BrokerConnection>();
  private readonly connecting = new Map<number, Promise<BrokerConnection>>();
  private readonly sessionTimers = new Map<BrokerConnection, NodeJS.Timeout>();
  private readonly expiring = new WeakSet<BrokerConnection>();
  private readonly backoff: ReconnectBackoff;
  /** Sockets and their timers live in the scope of the link, not in that of the request which happened to need the first one (AsyncLocalStorage). */
  private readonly scope = new AsyncResource('ClusterLink');
  private brokers = new Map<number, BrokerAddress>();
  private bootstrapIndex = 0;
  private closed = false;
  /** Rejects when the link is closed: what waits for code that is not ours need not wait on. */
  private readonly whenClosed: Promise<never>;
  private rejectWhenClosed: (error: Error) => void = () => undefined;
  private lastFailure: Error | null = null;

  public constructor(options: ClusterLinkOptions) {
    this.options = options;
    this.backoff = new ReconnectBackoff(options.reconnectBackoffMs, options.reconnectBackoffMaxMs);
    this.connector = new KafkaJSConnector(options);
    this.whenClosed = new Promise<never>((_, reject) => {
      this.rejectWhenClosed = reject;
    });
    this.whenClosed.catch(() => undefined);
  }

  /** The last failure to open a connection, or why the last one that was open was lost; null after a success, and while connections only rest. */
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
    // A connection whose session ends is still owed answers: a second one beside it would break the order.
    const isTaken = this.connecting.has(nodeId) || this.connections.has(nodeId);
    if (this.closed || isTaken || !this.brokers.has(nodeId)) return Number.POSITIVE_INFINITY;
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
    const open = this.openConnection(nodeId) ?? this.connections.get(nodeId);
    if (open !== undefined) return Promise.resolve(open);
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
    this.rejectWhenClosed(error);
    for (const connection of this.adopting) connection.close(error);
    this.connector.close(error);
    await Promise.allSettled(opening);
  }

  /** Fails what is in flight on the connection of a broker and drops it. */
  public disconnect(nodeId: number, error: Error): void {
    this.connections.get(nodeId)?.close(error);
  }

  private hasMoved(nodeId: number, host: string, port: number): boolean {
    const known = this.brokers.get(nodeId);
    return nodeId !== BOOTSTRAP_NODE && (known?.host !== host || known.port !== port);
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
        typeof brokers === 'function' ? await this.bootstrapList(brokers) : brokers,
      );
      for (let tried = 0; tried < addresses.length; tried++) {
        const address = addresses[this.bootstrapIndex++ % addresses.length];
        if (address === undefined || this.closed) continue;
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

  /** The user's function may take its time, but not for ever. */
  private async bootstrapList(find: () => string[] | Promise<string[]>): Promise<string[]> {
    const limitMs = this.options.connectionSetupTimeoutMs;
    let timer: NodeJS.Timeout | undefined;
    const overdue = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new BrokerUnavailableError(`client.brokers() has given no addresses within ${limitMs} ms.`)),
        limitMs,
      );
    });
    try {
      return await Promise.race([find(), overdue, this.whenClosed]);
    } finally {
      clearTimeout(timer);
    }
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
      const connection = await this.scope.runInAsyncScope(() => this.openSocket(nodeId, host, port));
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
    const { socket, sessionLifetimeMs } = await this.connector.open(host, port);
    const address = `${host}:${port}`;
    const connection = new BrokerConnection(socket, {
      clientId: this.options.clientId,
      address,
      maxIdleMs: this.options.connectionsMaxIdleMs,
      onClose: (error) => this.forget(connection, error),
      onDrained: () => {
        if (this.expiring.has(connection)) this.options.onChange();
      },
    });
    this.adopting.add(connection);
    await this.askVersions(connection).finally(() => this.adopting.delete(connection));
    if (!connection.isOpen || this.closed || this.hasMoved(nodeId, host, port)) {
      const error = new BrokerConnectionError(`The connection to ${address} was not wanted any more when it was open.`);
      connection.close(error);
      throw error;
    }
    this.connections.set(nodeId, connection);
    this.watchSession(connection, sessionLifetimeMs);
    return connection;
  }

  private async askVersions(connection: BrokerConnection): Promise<void> {
    const timeoutMs = this.options.connectionSetupTimeoutMs;
    const request = { clientSoftwareName: 'nestjs-kafka-producer', clientSoftwareVersion: LIBRARY_VERSION };
    let versions = await connection.send(apiVersionsApi, request, timeoutMs, apiVersionsApi.maxVersion);
    if (versions.errorCode === UNSUPPORTED_VERSION) {
      // Brokers before 2.4: the answer names what they speak, in the oldest layout.
      const offered = versions.ranges.get(apiVersionsApi.key)?.maxVersion ?? 0;
      versions = await connection.send(
        apiVersionsApi,
        request,
        timeoutMs,
        Math.min(offered, apiVersionsApi.maxVersion),
      );
    }
    if (versions.errorCode !== 0) throw new BrokerResponseError(versions.errorCode, { api: apiVersionsApi.name });
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
    if (this.connections.size === 0 && !(error instanceof IdleConnectionError)) this.lastFailure = error;
    this.options.log.debug(`Connection to ${connection.address} ended: ${error.message}`);
    this.options.onChange();
  }
}

function rethrowIfFinal(error: unknown): void {
  if (error instanceof KafkaAuthenticationError || error instanceof IncompatibleKafkaJSError) throw error;
}
