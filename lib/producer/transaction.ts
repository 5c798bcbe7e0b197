/**
 * How a transactional method or `transaction()` call relates to a transaction that its caller is in already, by Spring's terms:
 *
 * - `REQUIRED` (default): joins it, or begins one.
 * - `REQUIRES_NEW`: begins one of its own, on another producer of the pool; the caller's is suspended meanwhile.
 * - `SUPPORTS`: joins it, or runs without.
 * - `MANDATORY`: joins it, or throws `IllegalTransactionStateError`.
 * - `NOT_SUPPORTED`: runs without; the caller's is suspended meanwhile.
 * - `NEVER`: throws `IllegalTransactionStateError` inside of one.
 *
 * There is no `NESTED`: Kafka has no savepoints.
 */
export type Propagation = 'REQUIRED' | 'REQUIRES_NEW' | 'SUPPORTS' | 'MANDATORY' | 'NOT_SUPPORTED' | 'NEVER';

/** A class of errors, or a function that tells. */
export type ErrorMatcher = (abstract new (...args: never[]) => Error) | ((error: unknown) => boolean);

/** The options of `KafkaProducer.transaction` and of `@Transactional()`. */
export interface TransactionOptions {
  /** Default `REQUIRED`. */
  readonly propagation?: Propagation | undefined;
  /**
   * Milliseconds from the begin to the end of the work. When they have passed the transaction is aborted, its `signal` is triggered, and the call
   * fails with `TransactionTimeoutError`, whether or not the work has ended. Default and maximum: `transactions.timeoutMs` less a tenth of it, at most 5 s less, so
   * that the broker never ends it first; more is a `ConfigError`. Of no account when the call joins.
   */
  readonly timeoutMs?: number | undefined;
  /** Errors of the work that commit nevertheless; the caller gets the error after the commit. Default: none, every error aborts. */
  readonly commitOn?: readonly ErrorMatcher[] | undefined;
}

/** The offset up to which a consumer group has processed a partition: that of the next record to read, i.e. last processed + 1. */
export interface TopicPartitionOffset {
  readonly topic: string;
  readonly partition: number;
  /** A decimal text, as everywhere in kafkajs; or a bigint. */
  readonly offset: string | bigint;
  /** The leader epoch of the last processed record, if known. */
  readonly leaderEpoch?: number | undefined;
  /** Free text stored with the offset. */
  readonly metadata?: string | null | undefined;
}

/**
 * Which member of which generation of a group has processed the records (Kafka's `ConsumerGroupMetadata`, KIP-447). With generation and member the
 * coordinator refuses offsets of a member that the group has moved on without; with the group id alone it takes them from anybody.
 */
export interface ConsumerGroupMetadata {
  readonly groupId: string;
  /** Default -1: not known. */
  readonly generationId?: number | undefined;
  /** Default `''`: not known. Must be given with a generation. */
  readonly memberId?: string | undefined;
  /** `group.instance.id` of a static member. */
  readonly groupInstanceId?: string | null | undefined;
}

/**
 * The transaction that code runs in: the argument of the work, and what `KafkaProducer.currentTransaction()` gives. It cannot be committed or
 * aborted by hand: the end of the work decides.
 */
export interface KafkaTransaction {
  /** The transactional id of the producer it runs on. */
  readonly transactionalId: string;
  /** Triggered when the transaction has been given up while the work still runs: its time is over, or the application shuts down. */
  readonly signal: AbortSignal;
  /**
   * Commits the offsets of a consumer group with this transaction, or not at all.
   * @throws (as a rejection) `CommitFailedError` when the group has moved on without this member: the transaction cannot commit then
   */
  sendOffsets(offsets: readonly TopicPartitionOffset[], group: ConsumerGroupMetadata | string): Promise<void>;
  /** Called once after the commit, outside of the transaction, in the order of registration. What it throws is logged. */
  afterCommit(hook: () => unknown): void;
  /** Called once after an abort, or when the outcome is unknown, with the error; otherwise as `afterCommit`. */
  afterAbort(hook: (error: Error) => unknown): void;
}

/** What runs inside a transaction. */
export type TransactionWork<T> = (transaction: KafkaTransaction) => T | Promise<T>;
