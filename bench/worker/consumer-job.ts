import type { TelemetryMode } from './job.js';

/** How offsets are committed by ours. */
export type CommitScenario = 'auto' | 'sync-batch' | 'sync-record' | 'async' | 'manual';

/** The consumers of an empty handler. */
export type ConsumerClient = 'server-kafka' | CommitScenario;

/** Who consumes, transforms and produces: `server-kafka` with a transactional producer of kafkajs. */
export type TransformClient = 'ours' | 'server-kafka';

interface Target {
  readonly brokers: string[];
  readonly topic: string;
}

/** Writes what consumers are measured with: records with the ids from 0, by turns into the partitions. */
export interface FillJob extends Target {
  readonly kind: 'fill';
  readonly partitions: number;
  readonly records: number;
  readonly valueBytes: number;
  /** So many keys by turns; null: none. */
  readonly keys: number | null;
}

interface ConsumerTarget extends Target {
  /** Has committed nothing yet. */
  readonly groupId: string;
  /** All that the topic holds. */
  readonly records: number;
}

/** Records through a handler that does nothing. */
export interface ConsumeJob extends ConsumerTarget {
  readonly kind: 'consume';
  readonly client: ConsumerClient;
  /** Of ours; default: no instrumentation. */
  readonly telemetry?: TelemetryMode | undefined;
}

/** Records through a handler of ours that waits. */
export interface WaitingConsumeJob extends ConsumerTarget {
  readonly kind: 'consume-waiting';
  /** The topic's keys, of which so many are handled side by side at most. */
  readonly keys: number;
  /** null: all records one after the other. */
  readonly keysAtOnce: number | null;
  readonly waitMs: number;
}

/** Each record, or each batch of them, is sent to another topic in a transaction with its offsets. */
export interface TransformJob extends ConsumerTarget {
  readonly kind: 'transform';
  readonly client: TransformClient;
  readonly outputTopic: string;
  /** Records of a transaction at most. */
  readonly messages: number;
  /** Transactions at the same time, each of a partition of its own. */
  readonly parallel: number;
  /** Records before, which count for nothing. */
  readonly warmup: number;
}

export type ConsumerJob = ConsumeJob | WaitingConsumeJob | TransformJob;

export interface FillMeasure {
  /** Acknowledged. */
  readonly records: number;
}

export interface ConsumerMeasure {
  /** Handled after the first one that counts, in `seconds`. */
  readonly records: number;
  /** Calls of the handler meanwhile. */
  readonly calls: number;
  /** From the first record that counts to the last. */
  readonly seconds: number;
  /** User and system time of the whole process meanwhile. */
  readonly cpuMicrosPerMessage: number;
  /** All, until the consumer was closed: each once, so as many as the topic holds. */
  readonly handled: number;
  /** The sum of their ids. */
  readonly idSum: number;
}
