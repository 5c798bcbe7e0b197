import type { RecordHeaders } from '../../producer/record.js';
import type { RecordedTransaction } from './recorded-transaction.js';

/**
 * What became of a record:
 *
 * - `pending`: it waits for `completeNext` or `errorNext`.
 * - `stored`: acknowledged; in a transaction it is visible only when that is committed.
 * - `failed`: `error` says why.
 */
export type RecordState = 'pending' | 'stored' | 'failed';

/** A record that a `RecordingKafkaProducer` was given, as interceptors left it. Compare with `toMatchObject`, naming what matters to the test. */
export interface RecordedRecord {
  readonly topic: string;
  /** As the record or the partitioner said. */
  readonly partition: number;
  /** As given to `send`; null without a key. */
  readonly key: unknown;
  /** As given to `send`: the same object, so later changes to it show here, unlike in `serializedValue`. */
  readonly value: unknown;
  /** As given to `send`. */
  readonly headers: RecordHeaders;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  /** What would have been sent; null without a key. */
  readonly serializedKey: Buffer | null;
  /** What would have been sent; null for a tombstone. */
  readonly serializedValue: Buffer | null;
  readonly state: RecordState;
  /** Decimal, counting from 0 in each partition; `'-1'` unless stored. */
  readonly offset: string;
  readonly error: Error | null;
  /** The transaction that it belongs to, or null. */
  readonly transaction: RecordedTransaction | null;
}
