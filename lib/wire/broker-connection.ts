import type { Socket } from 'node:net';
import {
  BrokerConnectionError,
  IdleConnectionError,
  RequestTimeoutError,
  UnsupportedBrokerError,
} from './connection-errors.js';
import { requestHeaderHasTags, responseHeaderHasTags, type ApiDefinition } from './protocol/api-definition.js';
import type { ApiVersionsResponse } from './protocol/api-versions.js';
import { ProtocolReader } from './protocol/protocol-reader.js';

/** A response larger than this is taken for garbage. Kafka's own `socket.request.max.bytes` has the same value. */
const MAX_RESPONSE_BYTES = 104_857_600;
const NEVER = Number.POSITIVE_INFINITY;
const MAX_CORRELATION_ID = 0x7fffffff;

export interface BrokerConnectionOptions {
  readonly clientId: string;
  /** host:port, for messages. */
  readonly address: string;
  /** Milliseconds without any traffic after which an idle connection is closed; 0 = never. */
  readonly maxIdleMs: number;
  /** Called once, when the connection has ended for whatever reason. */
  readonly onClose: (error: Error) => void;
  /** Called whenever the last answer that was due has come. */
  readonly onDrained?: () => void;
}

interface PendingRequest {
  readonly correlationId: number;
  readonly apiName: string;
  readonly deadline: number;
  readonly timeoutMs: number;
  readonly complete: (body: Buffer) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Frames Kafka requests and responses on a socket that kafkajs has opened, encrypted and authenticated.
 *
 * Bytes leave in the order of the `send` calls and answers are taken in that order; anything else a broker does (another
 * correlation id, a size out of bounds, bytes that do not parse) ends the connection and fails what was in flight on it. So does
 * a request timeout: a connection that owes an answer cannot be trusted with the order of the next ones.
 */
export class BrokerConnection {
  private readonly socket: Socket;
  private readonly options: BrokerConnectionOptions;
  private readonly pending: PendingRequest[] = [];
  private readonly clientIdBytes: Buffer;
  private versions: ApiVersionsResponse | null = null;
  private nextCorrelationId = 0;
  private chunks: Buffer[] = [];
  private bufferedBytes = 0;
  private neededBytes = 4;
  private timer: NodeJS.Timeout | undefined;
  /** When the timer fires, as milliseconds since the epoch. */
  private dueAt = NEVER;
  private closedBy: Error | null = null;

  public constructor(socket: Socket, options: BrokerConnectionOptions) {
    this.socket = socket;
    this.options = options;
    this.clientIdBytes = Buffer.from(options.clientId, 'utf8');
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('error', (cause: Error) =>
      this.close(new BrokerConnectionError(`Connection to ${options.address} failed: ${cause.message}`, { cause })),
    );
    socket.on('end', () => this.close(this.closedByBroker()));
    socket.on('close', () => this.close(this.closedByBroker()));
    socket.setTimeout(options.maxIdleMs);
    socket.on('timeout', () => this.closeIfIdle());
  }

  /** host:port */
  public get address(): string {
    return this.options.address;
  }

  public get isOpen(): boolean {
    return this.closedBy === null;
  }

  /** Requests that wait for their answer. */
  public get inFlight(): number {
    return this.pending.length;
  }

  /** What the broker said it speaks; set by the link right after the connection was opened. */
  public get apiVersions(): ApiVersionsResponse | null {
    return this.versions;
  }

  public useVersions(versions: ApiVersionsResponse): void {
    this.versions = versions;
  }

  /**
   * The newest version of an API that both sides speak.
   * @throws UnsupportedBrokerError when there is none
   */
  public negotiate<Request, Response>(api: ApiDefinition<Request, Response>): number {
    const range = this.versions?.ranges.get(api.key);
    const version = range === undefined ? -1 : Math.min(api.maxVersion, range.maxVersion);
    if (range === undefined || version < Math.max(api.minVersion, range.minVersion)) {
      const offered = range === undefined ? 'does not offer it' : `offers ${range.minVersion} to ${range.maxVersion}`;
      throw new UnsupportedBrokerError(
        `The broker ${this.options.address} speaks no usable version of ${api.name}: needed ${api.minVersion} to ${api.maxVersion}, it ${offered}. ` +
          'Use Kafka 2.1 or newer.',
      );
    }
    return version;
  }

  /**
   * Sends a request and waits for its answer.
   * @throws BrokerConnectionError when the connection ends first, or the answer does not parse; RequestTimeoutError after `timeoutMs`;
   * UnsupportedBrokerError
   */
  public send<Request, Response>(
    api: ApiDefinition<Request, Response>,
    request: Request,
    timeoutMs: number,
    fixedVersion?: number,
  ): Promise<Response> {
    return new Promise<Response>((resolve, reject) => {
      if (this.closedBy !== null) {
        reject(this.closedBy);
        return;
      }
      const version = fixedVersion ?? this.negotiate(api);
      const correlationId = this.write(api, request, version);
      const now = Date.now();
      this.pending.push({
        correlationId,
        apiName: api.name,
        timeoutMs,
        deadline: now + timeoutMs,
        complete: (frame) => resolve(api.decodeResponse(version, withoutHeaderTags(api, version, frame))),
        reject,
      });
      if (now + timeoutMs < this.dueAt) this.armTimer(now);
    });
  }

  /**
   * Writes a request that has no answer (Produce with acks=0); resolves when the bytes have left the process, so that a slow
   * broker holds the caller back.
   * @throws BrokerConnectionError when the connection ends first
   */
  public sendOneWay<Request, Response>(api: ApiDefinition<Request, Response>, request: Request): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      if (this.closedBy !== null) {
        reject(this.closedBy);
        return;
      }
      this.write(api, request, this.negotiate(api));
      this.socket.write('', (error) => {
        const failure = this.closedBy ?? error;
        if (failure === null || failure === undefined) resolve();
        else reject(failure);
      });
    });
  }

  /** Ends the connection; everything in flight on it fails with `error`. */
  public close(error: Error): void {
    if (this.closedBy !== null) return;
    this.closedBy = error;
    clearTimeout(this.timer);
    this.socket.destroy();
    this.chunks = [];
    for (const request of this.pending.splice(0)) request.reject(error);
    this.options.onClose(error);
  }

  private write<Request, Response>(api: ApiDefinition<Request, Response>, request: Request, version: number): number {
    const body = api.encodeRequest(version, request);
    const correlationId = this.nextCorrelationId;
    this.nextCorrelationId = correlationId === MAX_CORRELATION_ID ? 0 : correlationId + 1;
    let size = 0;
    for (const chunk of body) size += chunk.length;

    const clientId = this.clientIdBytes;
    const flexible = requestHeaderHasTags(api, version);
    const header = Buffer.allocUnsafe(14 + clientId.length + (flexible ? 1 : 0));
    header.writeInt32BE(header.length - 4 + size, 0);
    header.writeInt16BE(api.key, 4);
    header.writeInt16BE(version, 6);
    header.writeInt32BE(correlationId, 8);
    header.writeInt16BE(clientId.length, 12);
    clientId.copy(header, 14);
    if (flexible) header[header.length - 1] = 0;

    this.socket.cork();
    this.socket.write(header);
    for (const chunk of body) this.socket.write(chunk);
    this.socket.uncork();
    return correlationId;
  }

  private receive(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.bufferedBytes += chunk.length;
    while (this.bufferedBytes >= this.neededBytes && this.closedBy === null) {
      const bytes =
        this.chunks.length === 1 && this.chunks[0] !== undefined ? this.chunks[0] : Buffer.concat(this.chunks);
      this.chunks = [bytes];
      const size = bytes.readInt32BE(0);
      if (size < 4 || size > MAX_RESPONSE_BYTES) {
        this.fail(`announced a response of ${size} bytes`);
        return;
      }
      this.neededBytes = 4 + size;
      if (bytes.length < this.neededBytes) return;
      this.chunks = bytes.length === this.neededBytes ? [] : [bytes.subarray(this.neededBytes)];
      this.bufferedBytes = bytes.length - this.neededBytes;
      this.neededBytes = 4;
      this.accept(bytes.subarray(4, 4 + size));
    }
  }

  private accept(frame: Buffer): void {
    const correlationId = frame.readInt32BE(0);
    const request = this.pending[0];
    if (request === undefined || request.correlationId !== correlationId) {
      const expected = request === undefined ? 'no answer' : `the answer to request ${request.correlationId}`;
      this.fail(`answered request ${correlationId} when ${expected} was due`);
      return;
    }
    try {
      request.complete(frame.subarray(4));
    } catch (error) {
      this.fail(`sent a ${request.apiName} response that does not parse`, error);
      return;
    }
    this.pending.shift();
    this.armTimer(Date.now());
    if (this.pending.length === 0) this.options.onDrained?.();
  }

  private fail(what: string, cause?: unknown): void {
    this.close(
      new BrokerConnectionError(
        `The peer at ${this.options.address} ${what}. Is it a Kafka broker, and the right listener (TLS or plain)?`,
        { cause },
      ),
    );
  }

  /** One timer, for the request whose limit ends first: a younger one may have less time than those before it. */
  private armTimer(now: number): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.dueAt = NEVER;
    let earliest: PendingRequest | undefined;
    for (const request of this.pending) {
      if (earliest === undefined || request.deadline < earliest.deadline) earliest = request;
    }
    if (earliest === undefined) return;
    const due = earliest;
    this.dueAt = due.deadline;
    this.timer = setTimeout(
      () => {
        const { address } = this.options;
        this.close(
          new RequestTimeoutError(`${due.apiName} to ${address} was not answered within ${due.timeoutMs} ms.`),
        );
      },
      Math.max(due.deadline - now, 1),
    );
  }

  private closeIfIdle(): void {
    if (this.pending.length > 0) return;
    this.close(new IdleConnectionError(`Connection to ${this.options.address} was idle and has been closed.`));
  }

  private closedByBroker(): BrokerConnectionError {
    return new BrokerConnectionError(`The broker ${this.options.address} closed the connection.`);
  }
}

/** Responses of flexible versions begin with the header's tag section; ApiVersions never has one (KIP-511). */
function withoutHeaderTags<Request, Response>(
  api: ApiDefinition<Request, Response>,
  version: number,
  frame: Buffer,
): Buffer {
  if (!responseHeaderHasTags(api, version)) return frame;
  if (frame[0] === 0) return frame.subarray(1);
  const reader = new ProtocolReader(frame);
  reader.skipTags();
  return frame.subarray(frame.length - reader.remaining);
}
