import type { BenchEnvironment } from '../environment.js';
import type { Ratio } from '../ratios.js';
import type { Spread } from '../statistics.js';
import type { TelemetryMode } from '../worker/job.js';

/** `base`: another build of the library, without instrumentation. `absent`: this build, without. */
export type TelemetryVariant = 'base' | 'absent' | TelemetryMode;

/** What is measured with each: records that are sent, and records through an empty handler. */
export type TelemetryWork = 'send' | 'handle';

/** One variant over all repetitions. */
export interface TelemetryResult {
  readonly work: TelemetryWork;
  readonly variant: TelemetryVariant;
  readonly records: number;
  readonly messagesPerSecond: Spread;
  /** Of the whole process. */
  readonly cpuMicrosPerMessage: Spread;
}

/** The same, one measurement per repetition. */
export interface TelemetrySeries {
  readonly work: TelemetryWork;
  readonly variant: TelemetryVariant;
  readonly records: number;
  readonly messagesPerSecond: readonly number[];
  readonly cpuMicrosPerMessage: readonly number[];
}

export interface TelemetryRatio extends Ratio {
  readonly work: TelemetryWork;
}

/** All of a run; with `--json`, as it is. */
export interface TelemetryReport {
  readonly environment: BenchEnvironment;
  readonly settings: { readonly repetitions: number; readonly valueBytes: number };
  readonly results: readonly TelemetryResult[];
  readonly ratios: readonly TelemetryRatio[];
}
