import type { TopicPartition } from '../consumer-engine-api.js';

/** Told of the outcome of a commit that was not awaited: null when it has succeeded. */
export type CommitCallback = (error: Error | null, offsets: readonly CommittedOffset[]) => void;

/** An offset as it was committed: that of the next record to read. */
export interface CommittedOffset extends TopicPartition {
  /** Decimal. */
  readonly offset: string;
}

/**
 * The offsets of one listener, as a strategy sees them. What is committed is always the watermark of each partition: the first offset that is not done. A
 * strategy decides when, and whether the listener waits; it cannot commit too much.
 */
export interface ListenerOffsets {
  /** The listener's id, for messages. */
  readonly listenerId: string;
  /** Records done since the last commit that was asked for, over all partitions. */
  readonly uncommittedRecords: number;
  /**
   * Commits all watermarks and waits for it. Retriable errors are retried. Calls while a commit is under way share the next one.
   * @throws (as a rejection) when the offsets could not be committed, not when partitions are no longer assigned
   */
  commitSync(): Promise<void>;
  /**
   * Commits all watermarks without waiting. One commit is in flight at a time; what is asked for meanwhile goes into the next one, and what has failed is
   * part of the next one, too. The position never moves backwards.
   */
  commitAsync(callback?: CommitCallback): void;
}

/** One record, or the records of one batch, that are done: handled, or in the dead-letter topic. */
export interface DoneRecords extends TopicPartition {
  /** How many. */
  readonly count: number;
}

/** A strategy at work for one listener, from its start to its stop. Whatever it throws stops the listener and is reported. */
export interface CommitSession {
  /** A record is done; the next one of its partition (or key) starts when the promise settles. With a batch handler: once per batch. */
  afterRecord?(done: DoneRecords): void | Promise<void>;
  /** All records of a partition that were fetched together are done; the next ones start when the promise settles. */
  afterBatch?(done: DoneRecords): void | Promise<void>;
  /** The listener stops, or its partitions are revoked for good: end timers. The final commit is made by the listener itself, afterwards. */
  stop?(): void;
}

/**
 * Decides when the offsets of what was handled are committed. Built in: `AutoCommitStrategy`, `SyncCommitStrategy`, `AsyncCommitStrategy`,
 * `ManualCommitStrategy`, `TransactionalCommitStrategy`. Your own is an `@Injectable()` class with this method; Nest's injector makes it.
 *
 * Whatever the strategy, partitions that are revoked and listeners that stop commit their watermarks first, awaited.
 */
export interface CommitStrategy {
  /** When a record counts as done: once its handler has succeeded (default), or only when it was acknowledged with `context.ack()`. */
  readonly acknowledgement?: 'handler' | 'manual' | undefined;
  /** Offsets are committed by transactions alone: the listener itself never commits. */
  readonly isTransactional?: boolean | undefined;
  /** A listener starts. */
  start(offsets: ListenerOffsets): CommitSession;
}
