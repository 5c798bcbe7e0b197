import type { BenchEnvironment } from '../environment.js';
import type { Spread } from '../statistics.js';
import type { BrokerState, MemoryMeasure } from '../worker/job.js';
import type { Ratio } from '../ratios.js';

/** The clients of the throughput comparison. */
export type ThroughputScenario = 'ours' | 'kafkajs-send' | 'kafkajs-send-batch' | 'java' | 'ceiling';
/** The clients of the latency comparison. */
export type LatencyScenario = 'ours-linger-0' | 'ours' | 'kafkajs-send';

/** One client with values of one size, over all repetitions. */
export interface ThroughputResult {
  readonly scenario: ThroughputScenario;
  readonly valueBytes: number;
  /** Per repetition, after the warm-up. */
  readonly records: number;
  readonly messagesPerSecond: Spread;
  /** Values only, in millions of bytes. */
  readonly megabytesPerSecond: Spread;
  /** User and system time of the client's process; null where the system does not tell it. */
  readonly cpuMicrosPerMessage: Spread | null;
  /** From send to acknowledgement of one send, which is a batch or a request for some. */
  readonly p50Ms: Spread;
  readonly p99Ms: Spread;
}

/** One client, one awaited send after the other. */
export interface LatencyResult {
  readonly scenario: LatencyScenario;
  readonly valueBytes: number;
  readonly sends: number;
  readonly p50Ms: Spread;
  readonly p99Ms: Spread;
}

/** What the process took while the broker did not answer. */
export interface MemoryResult extends MemoryMeasure {
  readonly brokerState: BrokerState;
  readonly valueBytes: number;
  readonly bufferMemory: number;
  readonly maxBlockMs: number;
  readonly growthBytes: number;
  readonly limitBytes: number;
  /** Growth within the limit, all failures named, and everything accepted stored exactly once. */
  readonly met: boolean;
}

/** A ratio for values of one size. */
export type ProducerRatio = Ratio & { readonly valueBytes: number };

/** All of a run; with `--json`, as it is. */
export interface ProducerReport {
  readonly environment: BenchEnvironment;
  readonly settings: {
    readonly records: number;
    readonly warmup: number;
    readonly repetitions: number;
    readonly partitions: number;
    readonly outstanding: number;
  };
  readonly throughput: readonly ThroughputResult[];
  readonly latency: readonly LatencyResult[];
  readonly memory: readonly MemoryResult[];
  readonly ratios: readonly ProducerRatio[];
}
