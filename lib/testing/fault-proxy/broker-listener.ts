import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { FaultProxyError } from './fault-proxy-error.js';

const HOST = '127.0.0.1';
/**
 * Below the ports that outgoing connections take: while a broker is refused its port is free, and a client that keeps trying
 * could otherwise be given that very port and connect to itself.
 */
const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 32_000;
const PORT_ATTEMPTS = 100;
const REOPEN_LIMIT_MS = 2_000;
const REOPEN_PAUSE_MS = 25;

export interface BrokerListenerOptions {
  readonly nodeId: number;
  /** 0 chooses a free one. */
  readonly port: number;
  readonly onClient: (client: Socket) => void;
  readonly report: (message: string) => void;
}

/** The listening port of one broker. Refusing means not listening, so that a client sees what it sees of a broker that is down. */
export class BrokerListener {
  public readonly nodeId: number;
  public readonly host = HOST;
  private readonly onClient: (client: Socket) => void;
  private readonly report: (message: string) => void;
  private server: Server | undefined;
  private attempt: Promise<Error | undefined> | undefined;
  private listeningPort = 0;
  private wanted: 'listening' | 'refusing' | 'closed' = 'listening';

  private constructor({ nodeId, onClient, report }: BrokerListenerOptions) {
    this.nodeId = nodeId;
    this.onClient = onClient;
    this.report = report;
  }

  public static async open(options: BrokerListenerOptions): Promise<BrokerListener> {
    const { port } = options;
    const listener = new BrokerListener(options);
    for (let attempt = 1; ; attempt += 1) {
      listener.listeningPort = port === 0 ? randomInt(LOWEST_PORT, HIGHEST_PORT) : port;
      const error = await listener.listen();
      if (!error) return listener;
      if (port !== 0 || attempt === PORT_ATTEMPTS) throw listener.cannotListen(error);
    }
  }

  public get port(): number {
    return this.listeningPort;
  }

  public refuse(): void {
    if (this.wanted === 'closed') return;
    this.wanted = 'refusing';
    this.stopListening();
  }

  /** Listens again, on the same port. */
  public async accept(): Promise<void> {
    if (this.wanted === 'closed' || this.server) return;
    this.wanted = 'listening';
    const limit = performance.now() + REOPEN_LIMIT_MS;
    for (let error = await this.listen(); error; error = await this.listen()) {
      if (performance.now() > limit) throw this.cannotListen(error);
      await delay(REOPEN_PAUSE_MS);
    }
  }

  public async close(): Promise<void> {
    this.wanted = 'closed';
    this.stopListening();
    await this.attempt;
  }

  private listen(): Promise<Error | undefined> {
    this.attempt = this.tryToListen();
    return this.attempt;
  }

  private async tryToListen(): Promise<Error | undefined> {
    if (this.wanted !== 'listening' || this.server) return undefined;
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.onClient(client));
    try {
      server.listen(this.listeningPort, HOST);
      await once(server, 'listening');
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
    server.on('error', (error) => this.report(`Broker ${this.nodeId} cannot accept a client: ${error.message}`));
    this.server = server;
    if (this.isRefusing()) this.stopListening();
    return undefined;
  }

  // A method, because the compiler would take the state from before the await.
  private isRefusing(): boolean {
    return this.wanted !== 'listening';
  }

  private stopListening(): void {
    this.server?.close();
    this.server = undefined;
  }

  private cannotListen(cause: Error): FaultProxyError {
    return new FaultProxyError(
      `Cannot listen on ${HOST}:${this.listeningPort} for broker ${this.nodeId}: ${cause.message}. Give another listenPort, or 0 for any.`,
      { cause },
    );
  }
}
