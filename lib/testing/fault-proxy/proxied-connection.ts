import { connect, type Socket } from 'node:net';
import type { ConnectionFaults } from './connection-faults.js';
import { FaultyExchange } from './faulty-exchange.js';
import { FrameSplitter } from './frame-splitter.js';
import { Lane } from './lane.js';
import { resetSocket } from './reset-socket.js';

export interface ConnectionTarget {
  readonly host: string;
  readonly port: number;
}

/** A client's connection and the one to the broker behind it, with the faults between them. */
export class ProxiedConnection {
  /** Resolves when both sockets are gone. */
  public readonly closed: Promise<void>;
  private readonly client: Socket;
  private readonly broker: Socket;
  private readonly toBroker: Lane;
  private readonly toClient: Lane;
  private readonly exchange: FaultyExchange;
  private lifetime: NodeJS.Timeout | undefined;
  private isolated = false;

  public constructor(client: Socket, target: ConnectionTarget, faults: ConnectionFaults) {
    this.client = client;
    this.broker = connect({ host: target.host, port: target.port, allowHalfOpen: true, noDelay: true });
    this.toBroker = new Lane(client, this.broker);
    this.toClient = new Lane(this.broker, client);
    const sides = {
      toBroker: this.toBroker,
      toClient: this.toClient,
      reset: () => this.reset(),
      end: () => this.end(),
    };
    this.exchange = new FaultyExchange(sides, faults);
    this.closed = Promise.all([closeOf(client), closeOf(this.broker)]).then(() => undefined);
    this.listenToClient(faults);
    this.listenToBroker(faults);
  }

  /** Whether the client's side still stands. */
  public get open(): boolean {
    return !this.client.destroyed;
  }

  public get clientId(): string | null {
    return this.exchange.clientId;
  }

  /**
   * Ends the client's connection with RST; what it sent before still reaches the broker, whose answers are thrown away.
   * The client gets a turn to read what was delivered just before: Node takes data with an RST right behind it for a FIN.
   */
  public reset(): void {
    clearTimeout(this.lifetime);
    this.toBroker.close();
    this.toClient.close();
    this.broker.end();
    setImmediate(() => resetSocket(this.client));
  }

  /** Ends both sides with RST. */
  public destroy(): void {
    clearTimeout(this.lifetime);
    this.toBroker.close();
    this.toClient.close();
    resetSocket(this.client);
    resetSocket(this.broker);
  }

  /** From now on lives at most so long, then it is reset. */
  public limitLifetime(ms: number): void {
    clearTimeout(this.lifetime);
    if (!this.open) return;
    this.lifetime = setTimeout(() => this.reset(), ms);
    this.lifetime.unref();
  }

  /** Nothing passes any more in either direction, and neither side is told. */
  public isolate(): void {
    clearTimeout(this.lifetime);
    this.isolated = true;
    this.toBroker.freeze();
    this.toClient.freeze();
  }

  /** Ends the faults that are not rules: lets go of what is held, resets a black-holed connection on both sides. */
  public heal(): void {
    clearTimeout(this.lifetime);
    if (this.isolated) {
      this.destroy();
      return;
    }
    this.toBroker.release();
    this.toClient.release();
  }

  private end(): void {
    this.toClient.run(() => this.client.end());
    this.toBroker.run(() => this.broker.end());
  }

  private listenToClient(faults: ConnectionFaults): void {
    const splitter = new FrameSplitter();
    let ended = false;
    // Whether the client leaves politely or not, what it has sent is under way to the broker, held frames included.
    const onEnd = () => {
      if (ended) return;
      ended = true;
      this.toBroker.send(splitter.remainder());
      this.toBroker.run(() => this.broker.end());
    };
    this.client.on('data', (chunk: Buffer) => {
      for (const part of splitter.push(chunk)) this.exchange.onRequest(part);
    });
    this.client.on('end', onEnd);
    this.client.on('close', () => {
      clearTimeout(this.lifetime);
      onEnd();
    });
    this.client.on('error', (error) => faults.report(`A client's connection failed: ${error.message}`));
  }

  private listenToBroker(faults: ConnectionFaults): void {
    const splitter = new FrameSplitter();
    this.broker.on('data', (chunk: Buffer) => {
      for (const part of splitter.push(chunk)) this.exchange.onResponse(part);
    });
    this.broker.on('end', () => {
      this.toClient.send(splitter.remainder());
      this.toClient.run(() => this.client.end());
    });
    this.broker.on('error', (error) => {
      faults.report(`The connection to the broker failed: ${error.message}`);
      this.toClient.run(() => this.reset());
    });
  }
}

function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}
