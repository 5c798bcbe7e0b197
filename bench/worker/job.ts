import type { Spread } from '../statistics.js';
import type { ConsumerJob, ConsumerMeasure, FillJob, FillMeasure } from './consumer-job.js';

/** The clients that run in a process of their own. */
export type WorkerClient = 'ours' | 'ours-linger-0' | 'kafkajs-send' | 'kafkajs-send-batch' | 'ceiling';

/** The transactional clients that run in a process of their own. */
export type TransactionClient = 'ours' | 'kafkajs';

/** What an instrumentation records: metrics alone, or metrics and a span for every record. */
export type TelemetryMode = 'metrics' | 'traces';

interface Target {
  readonly brokers: string[];
  readonly topic: string;
  readonly valueBytes: number;
}

/** Many sends at once, each awaited by somebody. */
export interface ThroughputJob extends Target {
  readonly kind: 'throughput';
  readonly client: WorkerClient;
  readonly records: number;
  readonly warmup: number;
  /** Records sent and not yet acknowledged at any time. */
  readonly outstanding: number;
  /** Default: no instrumentation. */
  readonly telemetry?: TelemetryMode | undefined;
}

/** One awaited send after the other. */
export interface LatencyJob extends Target {
  readonly kind: 'latency';
  readonly client: WorkerClient;
  readonly sends: number;
  readonly warmup: number;
}

/** `killed`: its process and its connections are gone. `paused`: its connections stay open, and it is silent. */
export type BrokerState = 'killed' | 'paused';

/** Far more than the buffer holds, offered while the broker does not answer. */
export interface MemoryJob extends Target {
  readonly kind: 'memory';
  readonly brokerState: BrokerState;
  readonly warmup: number;
  readonly offeredBytes: number;
  readonly bufferMemory: number;
  readonly maxBlockMs: number;
}

/** Transactions back to back, first all committed, then all aborted. */
export interface TransactionJob extends Target {
  readonly kind: 'transactions';
  readonly client: TransactionClient;
  /** Of one process: so many transactions run at the same time, each on a transactional id of its own. */
  readonly producers: number;
  /** In each transaction. */
  readonly messages: number;
  readonly warmupMs: number;
  readonly windowMs: number;
  readonly abortMs: number;
}

export type WorkerJob = ThroughputJob | LatencyJob | MemoryJob | TransactionJob | FillJob | ConsumerJob;

export interface ThroughputMeasure {
  /** Measured, without the warm-up. */
  readonly records: number;
  /** All, with the warm-up: so many must be stored. */
  readonly acknowledged: number;
  readonly seconds: number;
  /** User and system time of the whole process; null where it cannot be told. */
  readonly cpuMicrosPerMessage: number | null;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface LatencyMeasure {
  readonly sends: number;
  readonly acknowledged: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** How the offer went while the broker did not answer. */
export interface MemoryMeasure {
  readonly offered: number;
  /** How long offering all of them took. */
  readonly offeredMs: number;
  readonly baselineBytes: number;
  /** The most the process took until the last waiting send had failed. */
  readonly peakBytes: number;
  /** Sends that waited for memory at the same time, at most. */
  readonly waitingAtMost: number;
  /** Refused within a part of `maxBlockMs`, because too many wait already. */
  readonly refusedAtOnce: number;
  readonly failedAfterWaiting: number;
  /** How long those waited that failed then. */
  readonly failedAfterMs: Spread | null;
  readonly errors: Readonly<Record<string, number>>;
  /** Acknowledged in the end. */
  readonly delivered: number;
  /** Accepted, but never acknowledged. */
  readonly lost: number;
  /** All, with the warm-up: so many must be stored. */
  readonly acknowledged: number;
}

export interface Percentiles {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface TransactionMeasure {
  /** Committed within the window. */
  readonly transactions: number;
  /** Of the window. */
  readonly seconds: number;
  /** All, with the warm-up: the messages of so many must be readable. */
  readonly committed: number;
  /** Transactions that failed at any time, by error. */
  readonly errors: Readonly<Record<string, number>>;
  /** From the begin to the end of the commit, of those within the window. */
  readonly whole: Percentiles;
  /** The commit alone: what comes after the client was asked for it. */
  readonly commit: Percentiles;
  /** The same of an abort, with all messages acknowledged before. */
  readonly abort: Percentiles;
}

export interface MeasureOf {
  readonly throughput: ThroughputMeasure;
  readonly latency: LatencyMeasure;
  readonly memory: MemoryMeasure;
  readonly transactions: TransactionMeasure;
  readonly fill: FillMeasure;
  readonly consume: ConsumerMeasure;
  readonly 'consume-waiting': ConsumerMeasure;
  readonly transform: ConsumerMeasure;
}

/** A point where the other side has something to do first: stop the broker, let it go on. */
export type Stage = 'ready' | 'refused';

export type WorkerMessage =
  | { readonly type: 'stage'; readonly stage: Stage }
  | { readonly type: 'result'; readonly measure: MeasureOf[WorkerJob['kind']] }
  | { readonly type: 'error'; readonly message: string };

/** From the parent: what to do, then a word to go on after each stage. */
export type ParentMessage =
  { readonly type: 'job'; readonly job: WorkerJob } | { readonly type: 'continue'; readonly stage: Stage };
