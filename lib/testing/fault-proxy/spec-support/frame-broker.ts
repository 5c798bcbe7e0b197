import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { FrameCollector, sized } from './frames.js';

export interface ReceivedRequest {
  apiKey: number;
  apiVersion: number;
  correlationId: number;
  /** What follows the client id: for flexible versions it begins with the header's tags. */
  body: Buffer;
}

/** Body of the answer after the correlation id; undefined for none. */
export type Responder = (request: ReceivedRequest) => Buffer | undefined;

/** An in-process peer that takes Kafka frames and echoes their bodies, or answers as it is told. */
export class FrameBroker {
  public readonly received: ReceivedRequest[] = [];
  public readonly sockets = new Set<Socket>();
  /** How the connections ended so far. */
  public readonly endings: ('end' | 'error')[] = [];
  public responder: Responder = ({ body }) => body;
  /** Collects whole requests; off where a spec wants the sockets to itself. */
  public reading = true;
  private readonly server: Server;

  private constructor() {
    this.server = createServer((socket) => this.onConnection(socket));
  }

  public static async start(): Promise<FrameBroker> {
    const broker = new FrameBroker();
    broker.server.listen(0, '127.0.0.1');
    await once(broker.server, 'listening');
    return broker;
  }

  public get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  public get correlationIds(): number[] {
    return this.received.map(({ correlationId }) => correlationId);
  }

  public async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    if (!this.server.listening) return;
    this.server.close();
    await once(this.server, 'close');
  }

  private onConnection(socket: Socket): void {
    const collector = new FrameCollector();
    this.sockets.add(socket);
    socket.on('error', () => this.endings.push('error'));
    socket.on('close', () => this.sockets.delete(socket));
    if (!this.reading) return;
    socket.on('data', (chunk: Buffer) => {
      for (const frame of collector.push(chunk)) this.onFrame(socket, frame);
    });
    socket.on('end', () => this.endings.push('end'));
  }

  private onFrame(socket: Socket, frame: Buffer): void {
    const clientIdLength = Math.max(0, frame.readInt16BE(8));
    const request = {
      apiKey: frame.readInt16BE(0),
      apiVersion: frame.readInt16BE(2),
      correlationId: frame.readInt32BE(4),
      body: frame.subarray(10 + clientIdLength),
    };
    this.received.push(request);
    const body = this.responder(request);
    if (body) socket.write(sized(Buffer.concat([frame.subarray(4, 8), body])));
  }
}
