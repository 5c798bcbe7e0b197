import type { TransactionScenario } from '../arguments.js';
import type { BenchEnvironment } from '../environment.js';
import type { Ratio } from '../ratios.js';
import type { Spread } from '../statistics.js';

/** How many run at the same time, and what is in each. */
export interface TransactionLoad {
  readonly messages: number;
  readonly producers: number;
}

/** One client under one load, over all repetitions. */
export interface TransactionResult extends TransactionLoad {
  readonly scenario: TransactionScenario;
  /** Committed, by all producers together. */
  readonly transactionsPerSecond: Spread;
  /** From the begin to the end of the commit. */
  readonly p50Ms: Spread;
  readonly p99Ms: Spread;
  /** The commit call alone. */
  readonly commitP50Ms: Spread;
  readonly commitP99Ms: Spread;
  /** The abort alone. */
  readonly abortP50Ms: Spread;
  readonly abortP99Ms: Spread;
  /** Transactions that failed, in all repetitions, by error. */
  readonly errors: Readonly<Record<string, number>>;
}

/** A ratio of transactions per second under one load. */
export type TransactionRatio = Ratio & TransactionLoad;

/** All of a run; with `--json`, as it is. */
export interface TransactionReport {
  readonly environment: BenchEnvironment;
  readonly settings: {
    readonly warmupMs: number;
    readonly brokerWarmupMs: number;
    readonly windowMs: number;
    readonly abortMs: number;
    readonly repetitions: number;
    readonly partitions: number;
    readonly brokers: number;
    readonly valueBytes: number;
  };
  readonly transactions: readonly TransactionResult[];
  readonly ratios: readonly TransactionRatio[];
}
