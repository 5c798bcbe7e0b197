/** What `org.apache.kafka.tools.ProducerPerformance` says at its end. */
export interface ProducerPerformanceSummary {
  readonly records: number;
  readonly recordsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Whether it is about the records after the warm-up only. */
  readonly isSteadyState: boolean;
}

const SUMMARY =
  /^(?<records>\d+) (?<steady>steady state )?records sent, (?<rate>[\d.]+) records\/sec .*?(?<p50>\d+) ms 50th, .*?(?<p99>\d+) ms 99th,/;

/** A summary line, or null for any other line, those about progress among them. */
export function parseSummaryLine(line: string): ProducerPerformanceSummary | null {
  const groups = SUMMARY.exec(line.trim())?.groups;
  if (groups === undefined) return null;
  return {
    records: Number(groups['records']),
    recordsPerSecond: Number(groups['rate']),
    p50Ms: Number(groups['p50']),
    p99Ms: Number(groups['p99']),
    isSteadyState: groups['steady'] !== undefined,
  };
}
