import type { Socket } from 'node:net';
import { BrokerListener } from './broker-listener.js';
import type { ConnectionFaults } from './connection-faults.js';
import type { FaultProxyBroker } from './fault-proxy-options.js';
import type { KafkaApiName } from './kafka-api.js';
import { apiKeyOf } from './kafka-api.js';
import type { KafkaFrame } from './kafka-frame.js';
import { ProxiedConnection } from './proxied-connection.js';

/** What a broker's connections ask the proxy about. */
export interface BrokerFaults extends Omit<ConnectionFaults, 'countRequest'> {
  /** Milliseconds a new connection may live; undefined for ever. */
  lifetimeMs(): number | undefined;
}

/** One broker as clients see it through the proxy: its port, its connections, its counters. */
export class ProxiedBroker {
  public readonly nodeId: number;
  private readonly target: { readonly host: string; readonly port: number };
  private readonly faults: BrokerFaults;
  private readonly connections = new Set<ProxiedConnection>();
  private readonly counts = new Map<number, number>();
  private opened = 0;
  private listener: BrokerListener | undefined;

  private constructor(options: FaultProxyBroker, faults: BrokerFaults) {
    this.nodeId = options.nodeId;
    this.target = { host: options.targetHost, port: options.targetPort };
    this.faults = faults;
  }

  public static async start(options: FaultProxyBroker, faults: BrokerFaults): Promise<ProxiedBroker> {
    const broker = new ProxiedBroker(options, faults);
    broker.listener = await BrokerListener.open({
      nodeId: options.nodeId,
      port: options.listenPort,
      onClient: (client) => broker.accept(client),
      report: (message) => faults.report(message),
    });
    return broker;
  }

  public get port(): number {
    return this.listener?.port ?? 0;
  }

  public get openConnections(): ProxiedConnection[] {
    return [...this.connections].filter(({ open }) => open);
  }

  public get connectionsOpened(): number {
    return this.opened;
  }

  public get seenApis(): number[] {
    return [...this.counts.keys()];
  }

  public count(api: KafkaApiName | number): number {
    return this.counts.get(apiKeyOf(api)) ?? 0;
  }

  public limitLifetimes(lifetimeMs: () => number): void {
    for (const connection of this.connections) connection.limitLifetime(lifetimeMs());
  }

  public isolate(): void {
    this.refuse();
    for (const connection of this.connections) connection.isolate();
  }

  public refuse(): void {
    this.listener?.refuse();
  }

  public async heal(): Promise<void> {
    for (const connection of this.connections) connection.heal();
    await this.listener?.accept();
  }

  public async close(): Promise<void> {
    const deaf = this.listener?.close();
    for (const connection of this.connections) connection.destroy();
    await Promise.all([deaf, ...[...this.connections].map(({ closed }) => closed)]);
  }

  private accept(client: Socket): void {
    this.opened += 1;
    const { faults } = this;
    faults.report(`Broker ${this.nodeId}: a client connected.`);
    const connection = new ProxiedConnection(client, this.target, {
      countRequest: (request) => this.countRequest(request),
      pick: (frame, phase) => faults.pick(frame, phase),
      latencyMs: (phase) => faults.latencyMs(phase),
      brokerAddresses: () => faults.brokerAddresses(),
      report: (message) => faults.report(`Broker ${this.nodeId}: ${message}`),
    });
    this.connections.add(connection);
    void connection.closed.then(() => this.connections.delete(connection));
    const lifetimeMs = faults.lifetimeMs();
    if (lifetimeMs !== undefined) connection.limitLifetime(lifetimeMs);
  }

  private countRequest({ apiKey }: KafkaFrame): void {
    this.counts.set(apiKey, (this.counts.get(apiKey) ?? 0) + 1);
  }
}
