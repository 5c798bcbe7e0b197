import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { FrameCollector, requestBytes, type RequestParts, until } from './frames.js';

/** A client that sends frames and keeps what comes back. */
export class FrameClient {
  public readonly socket: Socket;
  /** Answers, from the correlation id on. */
  public readonly answers: Buffer[] = [];
  /** How the connection ended: FIN, or the error's code. */
  public ending: string | undefined;

  private constructor(socket: Socket) {
    const collector = new FrameCollector();
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.answers.push(...collector.push(chunk)));
    socket.on('end', () => (this.ending ??= 'FIN'));
    socket.on('error', (error: NodeJS.ErrnoException) => (this.ending ??= error.code ?? error.message));
  }

  public static async connect(port: number): Promise<FrameClient> {
    const client = new FrameClient(connect({ host: '127.0.0.1', port, noDelay: true }));
    await once(client.socket, 'connect');
    return client;
  }

  public get correlationIds(): number[] {
    return this.answers.map((answer) => answer.readInt32BE(0));
  }

  public send(...requests: RequestParts[]): void {
    this.socket.write(Buffer.concat(requests.map(requestBytes)));
  }

  /** Sends a request and resolves with its answer, without the correlation id. */
  public async request(request: RequestParts): Promise<Buffer> {
    this.send(request);
    return this.answerTo(request.correlationId);
  }

  public async answerTo(correlationId: number): Promise<Buffer> {
    const find = () => this.answers.find((answer) => answer.readInt32BE(0) === correlationId);
    await until(() => find() !== undefined || this.ending !== undefined, `request ${correlationId} is answered`);
    const answer = find();
    if (!answer) throw new Error(`The connection ended (${this.ending}) before the answer to ${correlationId}.`);
    return answer.subarray(4);
  }

  public async ended(): Promise<string> {
    await until(() => this.ending !== undefined, 'the connection ends');
    return this.ending ?? '';
  }
}
