import { KafkaError } from '../../wire/kafka-error.js';
import { recordSizeUpperBound, type BatchRecord, type EncodedHeaders } from '../../wire/record-batch-builder.js';
import { messageOf } from '../../wire/message-of.js';
import { InvalidRecordError, RecordTooLargeError, SerializationError } from '../errors.js';
import type { ProducerEngineDependencies } from '../producer-engine-api.js';
import type { ProducerRecord } from '../record.js';
import { RawBytes } from '../serializers/raw-bytes.js';
import type { Serializer } from '../serializers/serializer.js';
import { encodeHeaders } from './encode-headers.js';

/** Milliseconds that a `Date` can hold; what lies beyond is a mistake in the unit. */
const MAX_TIMESTAMP = 8_640_000_000_000_000;
const MAX_PARTITION = 0x7fffffff;
/** Kafka's limit. */
const MAX_TOPIC_LENGTH = 249;

/** A record in its final form: later changes to the objects given to `send` do not reach it. */
export class SerializedRecord implements BatchRecord {
  public readonly keySize: number;
  public readonly valueSize: number;
  /** Bytes that it takes at most in a batch of its own. */
  public readonly sizeUpperBound: number;

  public constructor(
    public readonly topic: string,
    public readonly timestamp: number,
    public readonly key: Buffer | null,
    public readonly value: Uint8Array | string | null,
    public readonly headers: EncodedHeaders | null,
  ) {
    this.keySize = key === null ? -1 : key.length;
    this.valueSize = value === null ? -1 : typeof value === 'string' ? Buffer.byteLength(value) : value.length;
    this.sizeUpperBound = recordSizeUpperBound(this);
  }
}

/** Checks a record and turns it into bytes, once. */
export class RecordSerializer {
  private readonly keySerializer: Serializer;
  private readonly valueSerializer: Serializer;
  private readonly maxRequestSize: number;
  private readonly bufferMemory: number;

  public constructor(dependencies: Pick<ProducerEngineDependencies, 'config' | 'keySerializer' | 'valueSerializer'>) {
    this.keySerializer = dependencies.keySerializer;
    this.valueSerializer = dependencies.valueSerializer;
    this.maxRequestSize = dependencies.config.maxRequestSize;
    this.bufferMemory = dependencies.config.bufferMemory;
  }

  /** @throws InvalidRecordError, SerializationError, RecordTooLargeError */
  public serialize(record: ProducerRecord, now: number): SerializedRecord {
    const topic = checkedTopic(record);
    const { headers } = record;
    const serialized = new SerializedRecord(
      topic,
      timestampOf(record, now),
      serializeKey(this.keySerializer, topic, record.key),
      serializeValue(this.valueSerializer, topic, record.value),
      headers === undefined ? null : encodeHeaders(headers, topic),
    );
    const bytes = serialized.sizeUpperBound;
    if (bytes > this.maxRequestSize || bytes > this.bufferMemory) throw this.tooLarge(topic, bytes);
    return serialized;
  }

  private tooLarge(topic: string, bytes: number): RecordTooLargeError {
    const { bufferMemory, maxRequestSize } = this;
    const limit = bytes > maxRequestSize ? `maxRequestSize (${maxRequestSize})` : `bufferMemory (${bufferMemory})`;
    return new RecordTooLargeError(
      `A record for ${topic} was not sent: with ${bytes} bytes it exceeds ${limit}. ` +
        "Send less (a reference, a compressed value), or raise the setting and the topic's max.message.bytes.",
      { topic },
    );
  }
}

function checkedTopic(record: ProducerRecord): string {
  if (typeof record !== 'object' || record === null) {
    throw new InvalidRecordError('send needs a record: { topic, value, key?, partition?, timestamp?, headers? }.');
  }
  const { topic, partition } = record;
  assertTopicName(topic, 'A record was not sent');
  if (partition === undefined || (Number.isInteger(partition) && partition >= 0 && partition <= MAX_PARTITION)) {
    return topic;
  }
  throw new InvalidRecordError(
    `A record for ${topic} was not sent: partition ${String(partition)} is not an integer from 0. Leave it out to let the partitioner choose.`,
    { topic },
  );
}

/**
 * What cannot be a topic's name must not reach a Metadata request: it would fail for all topics.
 * @throws InvalidRecordError
 */
export function assertTopicName(topic: unknown, what: string): asserts topic is string {
  if (typeof topic !== 'string' || topic.length === 0) {
    throw new InvalidRecordError(`${what}: the topic is not a non-empty string.`);
  }
  if (topic.length <= MAX_TOPIC_LENGTH) return;
  throw new InvalidRecordError(
    `${what}: the topic's name has ${topic.length} characters; Kafka allows ${MAX_TOPIC_LENGTH}.`,
  );
}

function serializeKey(serializer: Serializer, topic: string, key: unknown): Buffer | null {
  if (key === null || key === undefined) return null;
  const serialized = serialize(serializer, topic, key, 'key');
  if (serialized === null) return null;
  if (typeof serialized === 'string') return Buffer.from(serialized, 'utf8');
  if (Buffer.isBuffer(serialized)) return serialized;
  return Buffer.from(serialized.buffer, serialized.byteOffset, serialized.byteLength);
}

function serializeValue(serializer: Serializer, topic: string, value: unknown): Uint8Array | string | null {
  if (value === null) return null;
  if (value !== undefined) return serialize(serializer, topic, value, 'value');
  throw new SerializationError(
    `A record for ${topic} was not sent: its value is undefined. Send null for a tombstone.`,
    { topic },
  );
}

function timestampOf(record: ProducerRecord, now: number): number {
  const { timestamp } = record;
  if (timestamp === undefined) return now;
  const milliseconds = timestamp instanceof Date ? timestamp.getTime() : timestamp;
  if (Number.isInteger(milliseconds) && milliseconds >= 0 && milliseconds <= MAX_TIMESTAMP) return milliseconds;
  throw new InvalidRecordError(
    `A record for ${record.topic} was not sent: its timestamp must be a valid Date or whole milliseconds since 1970.`,
    { topic: record.topic },
  );
}

function serialize(serializer: Serializer, topic: string, data: unknown, what: string): Uint8Array | string | null {
  if (data instanceof RawBytes) return data.bytes;
  let serialized: unknown;
  try {
    serialized = serializer.serialize(topic, data);
  } catch (cause) {
    if (cause instanceof KafkaError) throw cause;
    const message = messageOf(cause);
    throw new SerializationError(
      `The ${what} of a record for ${topic} could not be serialized by ${serializer.constructor.name}: ${message}`,
      { topic, cause },
    );
  }
  if (serialized === null || typeof serialized === 'string' || serialized instanceof Uint8Array) return serialized;
  throw new SerializationError(
    `${serializer.constructor.name} gave ${serialized === undefined ? 'undefined' : `a ${typeof serialized}`} for the ${what} of a record for ${topic}. A serializer returns a Buffer, a string or null, not a promise.`,
    { topic },
  );
}
