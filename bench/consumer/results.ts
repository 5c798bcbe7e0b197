import type { BenchEnvironment } from '../environment.js';
import type { Ratio } from '../ratios.js';
import type { Spread } from '../statistics.js';
import type { ConsumerClient, ConsumerMeasure, TransformClient } from '../worker/consumer-job.js';

/** One consumer's measurements, one per repetition. */
export interface ConsumerSeries<Subject> {
  readonly subject: Subject;
  readonly measures: readonly ConsumerMeasure[];
}

/** Who consumes with a handler that does nothing. */
export interface EmptySubject {
  readonly client: ConsumerClient;
}

/** How many keys are handled side by side by a handler that waits; null: none, all records one after the other. */
export interface WaitingSubject {
  readonly keysAtOnce: number | null;
}

/** Who consumes, transforms and produces. */
export interface TransformSubject {
  readonly client: TransformClient;
  /** Records of a transaction at most. */
  readonly messages: number;
  /** Transactions at the same time. */
  readonly parallel: number;
}

/** One consumer over all repetitions. */
export interface ConsumerResult {
  /** Per repetition. */
  readonly records: number;
  readonly messagesPerSecond: Spread;
  /** Of the consumer's process. */
  readonly cpuMicrosPerMessage: Spread;
}

export interface TransformResult extends TransformSubject, ConsumerResult {
  readonly transactionsPerSecond: Spread;
}

/** All of a run; with `--json`, as it is. */
export interface ConsumerReport {
  readonly environment: BenchEnvironment;
  readonly settings: {
    readonly records: number;
    readonly partitions: number;
    readonly valueBytes: number;
    readonly waitingRecords: number;
    readonly keys: number;
    readonly waitMs: number;
    readonly transactions: number;
    readonly repetitions: number;
  };
  readonly empty: readonly (EmptySubject & ConsumerResult)[];
  readonly waiting: readonly (WaitingSubject & ConsumerResult)[];
  readonly transforms: readonly TransformResult[];
  readonly ratios: readonly Ratio[];
}
