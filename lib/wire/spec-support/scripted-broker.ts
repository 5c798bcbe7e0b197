import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { MalformedResponseError } from '../malformed-response-error.js';
import { ProtocolReader } from '../protocol/protocol-reader.js';

/** A request as it came over a socket. */
export interface ReceivedRequest {
  /** `NO_API` for bytes without a request header, as old-style SASL sends them. */
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
  /** What follows the header; of a flexible version it begins with the header's tag section. */
  readonly body: Buffer;
  readonly socket: Socket;
  /** Which connection of this broker: 0 for the first. */
  readonly connection: number;
}

export const NO_API = -1;

/** The body of the answer (of a flexible version with the header's tags), or null for silence. */
export type Script = (request: ReceivedRequest) => Buffer | null;

/** A peer on 127.0.0.1 that reads Kafka's request frames and answers as the test says, in order. `await using` ends it. */
export class ScriptedBroker implements AsyncDisposable {
  /** Every request so far. */
  public readonly requests: ReceivedRequest[] = [];
  /** Every connection so far, also those that have ended. */
  public readonly sockets: Socket[] = [];

  private constructor(
    private readonly server: Server,
    private script: Script,
  ) {}

  public static async listen(script: Script = () => null, port = 0): Promise<ScriptedBroker> {
    const server = createServer({ noDelay: true });
    const broker = new ScriptedBroker(server, script);
    server.on('connection', (socket) => broker.accept(socket));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return broker;
  }

  public get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  public get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Connections that are open now. */
  public get open(): readonly Socket[] {
    return this.sockets.filter((socket) => !socket.destroyed);
  }

  public use(script: Script): void {
    this.script = script;
  }

  public requestsOf(apiKey: number): readonly ReceivedRequest[] {
    return this.requests.filter((request) => request.apiKey === apiKey);
  }

  /** Answers a request later than its script did. */
  public answer({ socket, correlationId }: ReceivedRequest, body: Buffer): void {
    socket.write(frame(correlationId, body));
  }

  /** Ends the connections and refuses new ones. */
  public async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    if (!this.server.listening) return;
    this.server.close();
    await once(this.server, 'close');
  }

  private accept(socket: Socket): void {
    const connection = this.sockets.push(socket) - 1;
    let chunks: Buffer[] = [];
    let size = 0;
    let needed = 4;
    // A client may reset the connection at any time.
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      while (size >= needed) {
        const bytes = Buffer.concat(chunks);
        needed = 4 + bytes.readInt32BE(0);
        const isComplete = size >= needed;
        chunks = [isComplete ? bytes.subarray(needed) : bytes];
        if (!isComplete) return;
        size -= needed;
        this.receive(bytes.subarray(4, needed), socket, connection);
        needed = 4;
      }
    });
  }

  private receive(bytes: Buffer, socket: Socket, connection: number): void {
    const request: ReceivedRequest = { ...readHeader(bytes), socket, connection };
    this.requests.push(request);
    const answer = this.script(request);
    if (answer !== null && !socket.destroyed) this.answer(request, answer);
  }
}

function readHeader(bytes: Buffer): Omit<ReceivedRequest, 'socket' | 'connection'> {
  try {
    const reader = new ProtocolReader(bytes, 'request');
    return {
      apiKey: reader.int16(),
      apiVersion: reader.int16(),
      correlationId: reader.int32(),
      clientId: reader.nullableString(),
      body: reader.view(reader.remaining),
    };
  } catch (error) {
    if (!(error instanceof MalformedResponseError)) throw error;
    return { apiKey: NO_API, apiVersion: -1, correlationId: -1, clientId: null, body: bytes };
  }
}

/** A response frame: size, correlation id, body. */
export function frame(correlationId: number, body: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeInt32BE(4 + body.length, 0);
  header.writeInt32BE(correlationId, 4);
  return Buffer.concat([header, body]);
}
