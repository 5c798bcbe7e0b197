import { build, type Histogram } from 'hdr-histogram-js';

const MAX_LATENCY_MICROSECONDS = 600_000_000;

/** Durations, to three digits, in constant memory. */
export class LatencyRecorder {
  private readonly histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: MAX_LATENCY_MICROSECONDS,
    numberOfSignificantValueDigits: 3,
  });

  public record(milliseconds: number): void {
    const microseconds = Math.round(milliseconds * 1000);
    this.histogram.recordValue(Math.min(MAX_LATENCY_MICROSECONDS, Math.max(1, microseconds)));
  }

  /** @param percentile 0 to 100 */
  public milliseconds(percentile: number): number {
    return this.histogram.getValueAtPercentile(percentile) / 1000;
  }
}
