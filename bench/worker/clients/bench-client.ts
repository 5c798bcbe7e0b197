import type { TelemetryMode } from '../job.js';

/** A client as the measuring loops see it: what a send is and holds is its own affair. */
export interface BenchClient {
  /** Records that one `send` stands for. */
  readonly recordsPerSend: number;
  /** Resolves when everything of this send is acknowledged. */
  send(): Promise<unknown>;
  close(): Promise<void>;
}

/** Where a client sends to, and what. */
export interface BenchTarget {
  readonly brokers: string[];
  readonly topic: string;
  readonly values: readonly Buffer[];
  /** Of ours; default: no instrumentation. */
  readonly telemetry?: TelemetryMode | undefined;
}
