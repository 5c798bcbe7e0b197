import type { ConsumerGroupMetadata, TopicPartitionOffset } from '../../producer/transaction.js';
import type { RecordedRecord } from './recorded-record.js';

/**
 * How a transaction stands:
 *
 * - `begun`: it has not ended yet.
 * - `committed`, `aborted`: for certain. A transaction of a producer that was fenced, or whose abort was not confirmed, counts as aborted: nothing of it can become
 *   visible any more.
 * - `unknown`: its commit failed with `TransactionOutcomeUnknownError`.
 */
export type RecordedTransactionState = 'begun' | 'committed' | 'aborted' | 'unknown';

/** Offsets of a consumer group that one `sendOffsets` has put into a transaction. */
export interface RecordedOffsets {
  readonly group: ConsumerGroupMetadata;
  readonly offsets: readonly TopicPartitionOffset[];
}

/** A transaction that a `RecordingKafkaProducer` has begun. */
export interface RecordedTransaction {
  /** Counts from 1 for each `RecordingKafkaProducer`. */
  readonly id: number;
  /** Of the producer in the pool that it ran on. */
  readonly transactionalId: string;
  readonly state: RecordedTransactionState;
  /** Everything that was sent in it, also what has failed, in the order of the calls. */
  readonly records: readonly RecordedRecord[];
  /** Those that were accepted, in the order of the calls. */
  readonly offsets: readonly RecordedOffsets[];
}
