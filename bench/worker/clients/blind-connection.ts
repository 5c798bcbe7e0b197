import { once } from 'node:events';
import type { Socket } from 'node:net';

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Bytes of a response before its body: size and correlation id. */
const RESPONSE_HEADER_BYTES = 8;

/** Writes the same request whenever asked; answers come in order, so the first unanswered one is meant. */
export class BlindConnection {
  private received: Buffer = Buffer.alloc(0);
  private readonly waiting: Waiting[] = [];
  private failure: Error | null = null;

  /** @param checkAnswer gets the body of each response; throws for one that is not a success */
  public constructor(
    private readonly socket: Socket,
    private readonly request: Buffer,
    private readonly checkAnswer: (body: Buffer) => void,
  ) {
    socket.on('data', (chunk) => this.receive(chunk));
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.fail(new Error('The broker closed the connection.')));
  }

  public send(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.failure !== null) {
        reject(this.failure);
        return;
      }
      this.waiting.push({ resolve, reject });
      this.socket.write(this.request);
    });
  }

  public async close(): Promise<void> {
    const closed = once(this.socket, 'close');
    this.socket.end();
    await closed;
  }

  private receive(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    while (this.received.length >= RESPONSE_HEADER_BYTES) {
      const end = 4 + this.received.readInt32BE(0);
      if (this.received.length < end) return;
      const body = this.received.subarray(RESPONSE_HEADER_BYTES, end);
      this.received = this.received.subarray(end);
      this.answer(body);
    }
  }

  private answer(body: Buffer): void {
    const first = this.waiting.shift();
    try {
      this.checkAnswer(body);
      first?.resolve();
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      first?.reject(failure);
      this.socket.destroy(failure);
    }
  }

  private fail(error: Error): void {
    this.failure ??= error;
    for (const { reject } of this.waiting.splice(0)) reject(this.failure);
  }
}
