import { type LogSink, silentLog } from '../../wire/log-sink.js';
import type { FaultDefinition, FaultPhase } from './fault.js';
import { FaultProxyError } from './fault-proxy-error.js';
import type {
  BrokerSelection,
  FaultProxyBroker,
  FaultProxyOptions,
  LatencyOptions,
  ProxyConnectionInfo,
} from './fault-proxy-options.js';
import type { FaultRule } from './fault-rule.js';
import { FaultRules } from './fault-rules.js';
import type { KafkaApiName } from './kafka-api.js';
import { apiNameOf } from './kafka-api.js';
import { ProxiedBroker } from './proxied-broker.js';

/**
 * A TCP proxy in front of each broker of a cluster that knows Kafka's frames, so that a test can lose, delay, refuse or forge
 * exactly the n-th Produce request or the answer to an EndTxn. A cluster under test advertises the proxy's addresses
 * (`advertised.listeners`), so that clients which start at the proxy stay behind it; {@link KafkaTestCluster} does that.
 *
 * For plain connections, with or without SASL (SaslAuthenticate). The content of TLS connections is not inspected: they pass, and
 * latency, lifetime and isolation work on them, but rules never match and nothing is counted.
 *
 * Frames are forwarded whole, up to 256 MiB, in order, with back-pressure; measured figures through it are those of the proxy, so
 * bypass it in benchmarks.
 *
 * ```ts
 * const lost = proxy.on({ api: 'Produce', phase: 'response', action: 'reset' });
 * const sent = producer.send(record);      // stored, but the acknowledgement is lost
 * await lost.triggered();
 * await sent;                              // the retry must not store it twice
 * ```
 */
export class FaultProxy {
  private readonly log: LogSink;
  private readonly rules: FaultRules;
  private readonly brokers = new Map<number, ProxiedBroker>();
  private latencyOptions: LatencyOptions | undefined;
  private lifetime: (() => number) | undefined;
  private closing: Promise<void> | undefined;

  private constructor(log: LogSink) {
    this.log = log;
    this.rules = new FaultRules(log);
  }

  /**
   * Starts listening for every broker. The brokers need not run yet.
   *
   * @throws FaultProxyError if a node id is given twice or a port cannot be listened on; nothing is left listening then.
   */
  public static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options.log ?? silentLog);
    try {
      for (const broker of options.brokers) await proxy.addBroker(broker);
    } catch (error) {
      await proxy.close();
      throw error;
    }
    return proxy;
  }

  /** Where clients reach a broker through the proxy; stays the same until `close`. */
  public address(nodeId: number): { readonly host: '127.0.0.1'; readonly port: number } {
    return { host: '127.0.0.1', port: this.broker(nodeId).port };
  }

  /** `host:port` of every broker through the proxy, for a client's list of brokers. */
  public get bootstrap(): string[] {
    return [...this.brokers.values()].map(({ port }) => `127.0.0.1:${port}`);
  }

  /**
   * Defines a fault. Where several rules match a frame, the one defined first acts; all of them count it.
   *
   * @throws FaultProxyError if the action does not fit the API, or `nth`, `times` or `broker` cannot be.
   */
  public on(definition: FaultDefinition): FaultRule {
    this.checkOpen();
    if (definition.broker !== undefined) this.broker(definition.broker);
    return this.rules.add(definition);
  }

  /** Delays every frame, in order, from now on. Replaces an earlier latency. */
  public latency(options: LatencyOptions): void {
    this.checkOpen();
    this.select(options);
    this.latencyOptions = options;
  }

  /** Every connection, new or already there, is reset after a time chosen evenly between the two. */
  public connectionLifetime([minMs, maxMs]: readonly [number, number], random: () => number = Math.random): void {
    this.checkOpen();
    const lifetime = () => minMs + (maxMs - minMs) * random();
    this.lifetime = lifetime;
    for (const broker of this.brokers.values()) broker.limitLifetimes(lifetime);
  }

  /**
   * Cuts brokers off from the clients: new connections are refused, those that exist stay open and carry nothing in either
   * direction, until {@link heal}.
   */
  public isolate(selection: BrokerSelection = {}): void {
    this.checkOpen();
    for (const broker of this.select(selection)) broker.isolate();
  }

  /** Refuses new connections, as a broker that is down; those that exist go on. Until {@link heal}. */
  public refuse(selection: BrokerSelection = {}): void {
    this.checkOpen();
    for (const broker of this.select(selection)) broker.refuse();
  }

  /**
   * Ends all faults: removes the rules, latency, lifetimes and isolation, delivers what was held back, resets black-holed
   * connections, and listens again. Counters go on.
   *
   * @throws FaultProxyError if another process has taken the port of a refused broker meanwhile.
   */
  public async heal(): Promise<void> {
    this.rules.clear();
    this.latencyOptions = undefined;
    this.lifetime = undefined;
    await Promise.all([...this.brokers.values()].map((broker) => broker.heal()));
  }

  /** The clients' open connections. */
  public connections(nodeId?: number): ProxyConnectionInfo[] {
    return this.some(nodeId).flatMap((broker) =>
      broker.openConnections.map(({ clientId }) => ({ nodeId: broker.nodeId, clientId })),
    );
  }

  /** How many connections clients have opened since the start. */
  public connectionsOpened(nodeId?: number): number {
    return this.some(nodeId).reduce((sum, broker) => sum + broker.connectionsOpened, 0);
  }

  /** How many requests of an API have arrived since the start, dropped and refused ones included, of one broker or of all. */
  public count(api: KafkaApiName | number, nodeId?: number): number {
    return this.some(nodeId).reduce((sum, broker) => sum + broker.count(api), 0);
  }

  /** {@link count} of every API that was seen, by name. */
  public get requests(): Readonly<Record<string, number>> {
    const keys = new Set([...this.brokers.values()].flatMap((broker) => broker.seenApis));
    return Object.fromEntries([...keys].map((key) => [apiNameOf(key), this.count(key)]));
  }

  /** Stops listening and resets every connection; resolves when no socket or timer is left. May be called again. */
  public close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  public [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async shutDown(): Promise<void> {
    this.rules.clear();
    await Promise.all([...this.brokers.values()].map((broker) => broker.close()));
  }

  private async addBroker(options: FaultProxyBroker): Promise<void> {
    const { nodeId } = options;
    if (this.brokers.has(nodeId)) throw new FaultProxyError(`Broker ${nodeId} is given twice.`);
    const broker = await ProxiedBroker.start(options, {
      pick: (frame, phase) => this.rules.pick(frame, phase, nodeId),
      latencyMs: (phase) => this.latencyOf(nodeId, phase),
      lifetimeMs: () => this.lifetime?.(),
      brokerAddresses: () =>
        [...this.brokers.values()].map((other) => ({ nodeId: other.nodeId, host: '127.0.0.1', port: other.port })),
      report: (message) => this.log.debug(message),
    });
    this.brokers.set(nodeId, broker);
  }

  private latencyOf(nodeId: number, phase: FaultPhase): number {
    const options = this.latencyOptions;
    if (!options || (options.phase ?? phase) !== phase || options.brokers?.includes(nodeId) === false) return 0;
    const { ms, jitterMs = 0, random = Math.random } = options;
    return jitterMs === 0 ? ms : Math.max(0, ms + jitterMs * (2 * random() - 1));
  }

  private select({ brokers }: BrokerSelection): ProxiedBroker[] {
    return brokers ? brokers.map((nodeId) => this.broker(nodeId)) : this.some();
  }

  private some(nodeId?: number): ProxiedBroker[] {
    return nodeId === undefined ? [...this.brokers.values()] : [this.broker(nodeId)];
  }

  private broker(nodeId: number): ProxiedBroker {
    const broker = this.brokers.get(nodeId);
    if (broker) return broker;
    throw new FaultProxyError(`The proxy has no broker ${nodeId}; it has ${[...this.brokers.keys()].join(', ')}.`);
  }

  private checkOpen(): void {
    if (this.closing) throw new FaultProxyError('The proxy is closed.');
  }
}
