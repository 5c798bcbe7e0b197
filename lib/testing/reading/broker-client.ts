import { connect, type Socket } from 'node:net';
import { KafkaError } from '../../wire/kafka-error.js';
import { ProtocolReader } from '../../wire/protocol/protocol-reader.js';
import { ProtocolWriter } from '../../wire/protocol/protocol-writer.js';

const CONNECT_TIMEOUT_MS = 2_000;
const CLIENT_ID = 'kafka-test-cluster';
/** Larger than any fetch asked for here. */
const MAX_RESPONSE_BYTES = 104_857_600;

interface Waiting {
  readonly resolve: (body: ProtocolReader) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One plain connection to one broker, for looking at a cluster from outside: which brokers this very broker sees, what is stored in
 * a partition. It shares nothing with the producer under test, so the two cannot be wrong in the same way.
 */
export class BrokerClient {
  private readonly waiting = new Map<number, Waiting>();
  private correlationId = 0;
  private received: Buffer[] = [];
  private receivedBytes = 0;
  private failure: Error | null = null;

  private constructor(
    private readonly socket: Socket,
    private readonly address: string,
  ) {
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.receive(chunk));
    socket.on('error', (cause) => this.fail(`failed: ${cause.message}`, cause));
    socket.on('close', () => this.fail('was closed by the broker'));
  }

  /**
   * @param address `host:port`
   * @throws KafkaError when the broker cannot be reached within `timeoutMs`
   */
  public static async connect(address: string, timeoutMs: number = CONNECT_TIMEOUT_MS): Promise<BrokerClient> {
    const colon = address.lastIndexOf(':');
    const socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) });
    await new Promise<void>((resolve, reject) => {
      const end = (error?: Error): void => {
        clearTimeout(timer);
        socket.removeAllListeners();
        if (error === undefined) {
          resolve();
          return;
        }
        socket.on('error', () => undefined);
        socket.destroy();
        reject(new KafkaError(`Cannot connect to ${address}: ${error.message}`, { retriable: true, cause: error }));
      };
      const timer = setTimeout(() => end(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
      socket.once('connect', () => end());
      socket.once('error', (error) => end(error));
    });
    return new BrokerClient(socket, address);
  }

  /**
   * Sends a request of a version without tagged fields and resolves to its response body.
   * @throws KafkaError (retriable) when the connection ends or nothing comes within `timeoutMs`
   */
  public request(apiKey: number, version: number, body: ProtocolWriter, timeoutMs: number): Promise<ProtocolReader> {
    if (this.failure !== null) return Promise.reject(this.failure);
    const correlationId = this.correlationId++;
    const header = new ProtocolWriter(64);
    header.int32(2 + 2 + 4 + 2 + CLIENT_ID.length + body.length);
    header.int16(apiKey).int16(version).int32(correlationId).string(CLIENT_ID);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.fail(`gave no answer within ${timeoutMs} ms`), timeoutMs);
      this.waiting.set(correlationId, {
        resolve: (reader) => {
          clearTimeout(timer);
          resolve(reader);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      this.socket.write(Buffer.concat([header.toBuffer(), body.toBuffer()]));
    });
  }

  public close(): void {
    this.fail('was closed');
  }

  private fail(what: string, cause?: unknown): void {
    if (this.failure !== null) return;
    const failure = new KafkaError(`The connection to ${this.address} ${what}.`, { retriable: true, cause });
    this.failure = failure;
    this.socket.destroy();
    this.received = [];
    for (const { reject } of this.waiting.values()) reject(failure);
    this.waiting.clear();
  }

  private receive(chunk: Buffer): void {
    this.received.push(chunk);
    this.receivedBytes += chunk.length;
    while (this.failure === null) {
      const size = this.nextFrameSize();
      if (size === null || this.receivedBytes < 4 + size) return;
      const [only] = this.received;
      const all = this.received.length === 1 && only !== undefined ? only : Buffer.concat(this.received);
      this.received = [all.subarray(4 + size)];
      this.receivedBytes = all.length - 4 - size;
      this.deliver(all.subarray(4, 4 + size));
    }
  }

  private nextFrameSize(): number | null {
    if (this.receivedBytes < 4) return null;
    let [first] = this.received;
    if (first === undefined || first.length < 4) {
      first = Buffer.concat(this.received);
      this.received = [first];
    }
    const size = first.readInt32BE(0);
    if (size >= 4 && size <= MAX_RESPONSE_BYTES) return size;
    this.fail(`brought ${size} as the size of a response: is it the plaintext listener of a Kafka broker?`);
    return null;
  }

  private deliver(frame: Buffer): void {
    const correlationId = frame.readInt32BE(0);
    const waiting = this.waiting.get(correlationId);
    if (waiting === undefined) {
      this.fail(`brought an answer to request ${correlationId}, which nobody sent`);
      return;
    }
    this.waiting.delete(correlationId);
    waiting.resolve(new ProtocolReader(frame, 'Response', 4));
  }
}

/** Lets `work` use a connection of its own; `address` is `host:port`. */
export async function withBroker<T>(address: string, work: (client: BrokerClient) => Promise<T>): Promise<T> {
  const client = await BrokerClient.connect(address, CONNECT_TIMEOUT_MS);
  try {
    return await work(client);
  } finally {
    client.close();
  }
}
