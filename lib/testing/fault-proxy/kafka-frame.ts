import { ByteReader } from './byte-reader.js';
import { apiKeyOf, hasFlexibleResponseHeader, isFlexible } from './kafka-api.js';
import { frameOf, type RawFrame } from './raw-frame.js';

const PRODUCE = apiKeyOf('Produce');
const PRODUCE_FIRST_FLEXIBLE = 9;
const EMPTY_TAGS = Buffer.from([0]);

const REQUEST_HEADER_BYTES = 14;
/** Tag sections of request headers are empty in practice; this is room for what a future client may put there. */
const HEADER_TAG_ROOM = 256;
/** Enough for the longest transactional id and what follows it. */
const PRODUCE_HEAD_ROOM = 33_000;

/** What both headers of an exchange are known by. */
export interface FrameHeader {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
}

/** One request, or one response together with the request it answers, as a rule's `match` sees it. Do not change its bytes. */
export class KafkaFrame {
  public readonly apiKey: number;
  public readonly apiVersion: number;
  public readonly correlationId: number;
  /** Of a response: the client id of its request. */
  public readonly clientId: string | null;
  /** Of a response: the request it answers. */
  public readonly request: KafkaFrame | undefined;
  /** @internal */
  public readonly raw: RawFrame;
  /** @internal Position of the body, after the size prefix and the header. */
  public readonly bodyStart: number;

  /** @internal */
  public constructor(header: FrameHeader, raw: RawFrame, bodyStart: number, request?: KafkaFrame) {
    this.apiKey = header.apiKey;
    this.apiVersion = header.apiVersion;
    this.correlationId = header.correlationId;
    this.clientId = header.clientId;
    this.raw = raw;
    this.bodyStart = bodyStart;
    this.request = request;
  }

  /** What follows the header (and the header's tag section). */
  public get body(): Buffer {
    return this.raw.bytes.subarray(this.bodyStart);
  }

  /** The whole frame, size prefix included. */
  public get bytes(): Buffer {
    return this.raw.bytes;
  }
}

/** Reads a request header (version 1, or 2 for flexible versions); undefined if these bytes are none. */
export function readRequest(raw: RawFrame): KafkaFrame | undefined {
  if (raw.length < REQUEST_HEADER_BYTES) return undefined;
  const start = raw.prefix(REQUEST_HEADER_BYTES);
  const clientIdLength = Math.max(0, start.readInt16BE(12));
  const needed = REQUEST_HEADER_BYTES + clientIdLength;
  if (raw.length < needed) return undefined;
  const reader = new ByteReader(raw.prefix(Math.min(raw.length, needed + HEADER_TAG_ROOM)), 4);
  const header = {
    apiKey: reader.int16(),
    apiVersion: reader.int16(),
    correlationId: reader.int32(),
    clientId: reader.string(false),
  };
  return skipHeaderTags(reader, isFlexible(header.apiKey, header.apiVersion))
    ? new KafkaFrame(header, raw, reader.offset)
    : undefined;
}

/** Correlation id of a response; undefined if these bytes are too short to be one. */
export function correlationIdOf(raw: RawFrame): number | undefined {
  return raw.length < 8 ? undefined : raw.prefix(8).readInt32BE(4);
}

/** Reads a response header (version 0, or 1 for flexible versions); undefined if it does not fit the request's version. */
export function readResponse(raw: RawFrame, request: KafkaFrame): KafkaFrame | undefined {
  const reader = new ByteReader(raw.prefix(Math.min(raw.length, 8 + HEADER_TAG_ROOM)), 8);
  return skipHeaderTags(reader, hasFlexibleResponseHeader(request.apiKey, request.apiVersion))
    ? new KafkaFrame(request, raw, reader.offset, request)
    : undefined;
}

/** The same request with another body. */
export function requestFrame(request: KafkaFrame, body: readonly Buffer[]): RawFrame {
  return frameOf([request.bytes.subarray(4, request.bodyStart), ...body]);
}

/** An answer to the request. */
export function responseFrame(request: KafkaFrame, body: readonly Buffer[]): RawFrame {
  const correlationId = Buffer.alloc(4);
  correlationId.writeInt32BE(request.correlationId);
  const tags = hasFlexibleResponseHeader(request.apiKey, request.apiVersion) ? [EMPTY_TAGS] : [];
  return frameOf([correlationId, ...tags, ...body]);
}

/** False for a Produce request with acks=0, the only one that no broker answers. */
export function expectsAnswer(request: KafkaFrame): boolean {
  if (request.apiKey !== PRODUCE) return true;
  const { raw, bodyStart, apiVersion } = request;
  return unlessTooShort(() => {
    const start = new ByteReader(raw.prefix(Math.min(raw.length, bodyStart + PRODUCE_HEAD_ROOM)), bodyStart);
    if (apiVersion >= 3) start.string(apiVersion >= PRODUCE_FIRST_FLEXIBLE);
    return start.int16() !== 0;
  }, true);
}

function skipHeaderTags(reader: ByteReader, flexible: boolean): boolean {
  return unlessTooShort(() => {
    reader.skipTags(flexible);
    return true;
  }, false);
}

function unlessTooShort<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) return otherwise;
    throw error;
  }
}
