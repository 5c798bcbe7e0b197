import type { KafkaError } from '../wire/kafka-error.js';

/** A header value: text is sent as UTF-8; `null` stays null. */
export type RecordHeaderValue = string | Buffer | Uint8Array | null;

/**
 * Headers in the order in which they are sent. The object form is convenient; the list form allows one name several times.
 */
export type RecordHeaders =
  | Readonly<Record<string, RecordHeaderValue | readonly RecordHeaderValue[]>>
  | ReadonlyArray<{ readonly key: string; readonly value: RecordHeaderValue }>;

/** What `KafkaProducer.send` takes (Kafka's `ProducerRecord`). */
export interface ProducerRecord<K = unknown, V = unknown> {
  readonly topic: string;
  /** `null` or absent: no key, the partitioner spreads. An empty key is a key. */
  readonly key?: K | null | undefined;
  /** `null` is a tombstone. */
  readonly value: V | null;
  /** Overrides the partitioner. */
  readonly partition?: number | undefined;
  /** Milliseconds since the epoch; default: the time of `send`. */
  readonly timestamp?: number | Date | undefined;
  readonly headers?: RecordHeaders | undefined;
}

/** Where an acknowledged record is stored (Kafka's `RecordMetadata`). */
export interface RecordMetadata {
  readonly topic: string;
  readonly partition: number;
  /** Decimal; `'-1'` when the broker does not tell it (acks=0, or a duplicate older than it remembers). */
  readonly offset: string;
  /** Milliseconds since the epoch; the broker's for topics with `LogAppendTime`. */
  readonly timestamp: number;
  /** Bytes; -1 for a null key. */
  readonly serializedKeySize: number;
  /** Bytes; -1 for a tombstone. */
  readonly serializedValueSize: number;
}

/**
 * Called once per record, in send order per partition. On failure `error` is set and `metadata` holds topic and,
 * where it was chosen, partition (else -1), with offset `'-1'` (Kafka's `Callback`).
 */
export type DeliveryCallback = (error: KafkaError | Error | null, metadata: RecordMetadata) => void;

/** A partition as `partitionsFor` shows it (Kafka's `PartitionInfo`). */
export interface PartitionInfo {
  readonly topic: string;
  readonly partition: number;
  /** Node id, or null while there is no leader. */
  readonly leader: number | null;
  readonly replicas: readonly number[];
  readonly inSyncReplicas: readonly number[];
  readonly offlineReplicas: readonly number[];
}
