import type { Check, PartitionContent } from './check.js';

/** What a replay has come to. */
export interface ReplaySummary {
  readonly checks: readonly Check[];
  readonly partitions: readonly PartitionContent[];
  /** The partition each hub has to itself, by IATA code. */
  readonly reserved: Readonly<Record<string, number>>;
  /** Keys and values, from the sending of each chunk to its acknowledgement. */
  readonly throughput: { readonly records: number; readonly bytes: number; readonly seconds: number };
}

/** Whether everything was delivered as promised. */
export function allHold({ checks }: ReplaySummary): boolean {
  return checks.every(({ holds }) => holds);
}
