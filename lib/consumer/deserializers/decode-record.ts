import { ConfigError } from '../../producer/errors.js';
import type { ConsumedRecord } from '../consumed-record.js';
import { decodeHeaders, type DecodedHeaders } from './decode-headers.js';
import { DeserializationError } from './deserialization-error.js';
import type { Deserializer } from './deserializer.js';
import { UndecodableRecordError } from './undecodable-record-error.js';

/** What decodes the records of a listener. */
export interface RecordDeserializers<K = unknown, V = unknown> {
  readonly key: Deserializer<K>;
  readonly value: Deserializer<V>;
}

/** A record as a handler gets it: the shape of Nest's `KafkaMessage`, and where it stood. */
export interface DecodedRecord<K = unknown, V = unknown> {
  readonly topic: string;
  readonly partition: number;
  /** Decimal. */
  readonly offset: string;
  /** Milliseconds since the epoch, decimal. */
  readonly timestamp: string;
  readonly key: K | null;
  /** null is a tombstone. */
  readonly value: V | null;
  readonly headers: DecodedHeaders;
  readonly attributes: 0;
  readonly magicByte: 2;
}

/** What of a record has to decode for it to be handled at all. */
export type DecodedParts<K = unknown, V = unknown> = Pick<DecodedRecord<K, V>, 'key' | 'value'>;

/**
 * Decodes a record for its handler. Each call makes new objects, so that what a handler changes is not there on the next attempt.
 * @throws UndecodableRecordError naming the record; ConfigError for a deserializer that gives a promise
 */
export function decodeRecord<K, V>(
  record: ConsumedRecord,
  deserializers: RecordDeserializers<K, V>,
): DecodedRecord<K, V> {
  return withParts(record, decodeParts(record, deserializers));
}

/** The part of `decodeRecord` that may fail. @throws as that does */
export function decodeParts<K, V>(
  record: ConsumedRecord,
  { key, value }: RecordDeserializers<K, V>,
): DecodedParts<K, V> {
  return {
    key: record.key === null ? null : decode(key, record, record.key, 'key'),
    value: record.value === null ? null : decode(value, record, record.value, 'value'),
  };
}

/** The rest of `decodeRecord`, for those who ask for it. */
export function withParts<K, V>(record: ConsumedRecord, { key, value }: DecodedParts<K, V>): DecodedRecord<K, V> {
  return {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset.toString(),
    timestamp: String(record.timestamp),
    key,
    value,
    headers: decodeHeaders(record.headers),
    attributes: 0,
    magicByte: 2,
  };
}

function decode<T>(deserializer: Deserializer<T>, record: ConsumedRecord, bytes: Buffer, part: 'key' | 'value'): T {
  let decoded: T;
  try {
    decoded = deserializer.deserialize(record.topic, bytes, record.headers);
  } catch (cause) {
    throw undecodable(deserializer, record, part, cause);
  }
  if (isThenable(decoded)) throw asynchronous(deserializer, part, decoded);
  return decoded;
}

function undecodable(
  deserializer: Deserializer,
  { offset, partition, topic }: ConsumedRecord,
  part: 'key' | 'value',
  cause: unknown,
): UndecodableRecordError {
  // The words of a user's own deserializer may quote the record.
  const reason =
    cause instanceof DeserializationError
      ? cause.message
      : `${deserializer.constructor.name} has thrown, see the cause.`;
  return new UndecodableRecordError(reason, { topic, partition, offset: offset.toString(), part, cause });
}

function isThenable(decoded: unknown): decoded is PromiseLike<unknown> {
  return typeof decoded === 'object' && decoded !== null && 'then' in decoded && typeof decoded.then === 'function';
}

/** Not the record's fault: it must not end in a dead-letter topic. */
function asynchronous(deserializer: Deserializer, part: 'key' | 'value', promise: PromiseLike<unknown>): ConfigError {
  promise.then(undefined, () => undefined);
  const { name } = deserializer.constructor;
  return new ConfigError(
    `${name} gave a promise for the ${part} of a record. A deserializer returns what it has decoded; what needs to wait is done by the handler, on the bytes of the 'buffer' deserializer.`,
    `${part}Deserializer`,
    name,
    'TYPE',
  );
}
