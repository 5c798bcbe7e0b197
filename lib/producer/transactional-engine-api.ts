import type { ProducerEngineApi } from './producer-engine-api.js';
import type { ConsumerGroupMetadata, TopicPartitionOffset } from './transaction.js';

/**
 * Where the producer of one transactional id stands:
 *
 * - `uninitialized`: `initTransactions` has to be called before a transaction can begin: at first, and again after an end that was not confirmed.
 * - `ready`: a transaction may begin.
 * - `in-transaction`: records and offsets are taken.
 * - `abortable-error`: something has failed; the transaction can only be aborted.
 * - `completing`: a commit or an abort is under way.
 * - `fatal`: never again; `transactionError` says why. Make a new producer.
 */
export type TransactionalState =
  'uninitialized' | 'ready' | 'in-transaction' | 'abortable-error' | 'completing' | 'fatal';

/** An engine with a transactional id, by the names of Kafka's `KafkaProducer`. It runs one transaction at a time; the pool sees to the order of the calls. */
export interface TransactionalEngineApi extends ProducerEngineApi {
  readonly transactionalState: TransactionalState;
  /** What made the state `abortable-error` or `fatal`; else null. A `ProducerFencedError` when another process has taken over. */
  readonly transactionError: Error | null;
  /**
   * From when on, in milliseconds of `performance.now()`, a transaction can begin at once: until then the broker is probably still completing the former one, and
   * the next one has to be announced first, again and again until it has. 0 before the first.
   */
  readonly restedAt?: number;
  /** What the transaction waits for at the brokers, for an error message; null when for nothing. */
  readonly pendingWork?: string | null;
  /** For how long the oldest of that has been waited for, in milliseconds; 0 when nothing is. */
  readonly oldestPendingMs?: number;
  /**
   * Gets the producer id and epoch, which fences whoever had them and ends what they left open. Takes at most `maxBlockMs`.
   * @throws (as a rejection) `KafkaTimeoutError`, and may be called again; `ProducerFatalError`
   */
  initTransactions(): Promise<void>;
  /** Costs no request. @throws IllegalTransactionStateError unless `ready` */
  beginTransaction(): void;
  /** @throws (as a rejection) `CommitFailedError` and others: the transaction can only be aborted then */
  sendOffsetsToTransaction(offsets: readonly TopicPartitionOffset[], group: ConsumerGroupMetadata): Promise<void>;
  /**
   * Sends what lingers, awaits every record, and commits. A transaction without records and offsets costs no request. Takes at most `maxBlockMs` after the last record.
   * @throws (as a rejection) `TransactionOutcomeUnknownError`: `uninitialized` now; `TransactionAbortedError`: the broker has aborted it already;
   * `ProducerFatalError`: `fatal` now; anything else: a record has failed, and `abortTransaction` is what is left to do
   */
  commitTransaction(): Promise<void>;
  /**
   * Drops what was not sent and aborts. Takes at most `maxBlockMs`.
   * @throws (as a rejection) when the abort was not confirmed: the broker ends it at the latest with the next `initTransactions` or after the transaction timeout
   */
  abortTransaction(): Promise<void>;
}
