import { WindowedStatistic } from '../../wire/windowed-statistic.js';
import type { ConsumerMetrics } from '../consumer-metrics.js';

/** Counts what a listener does, by the names of Kafka's `consumer-fetch-manager-metrics` and `consumer-coordinator-metrics`. Fed per fetch and per commit, never per record. */
export class ListenerMetricsRecorder {
  private readonly records = new WindowedStatistic();
  private readonly bytes = new WindowedStatistic();
  private readonly commits = new WindowedStatistic();
  private readonly commitLatency = new WindowedStatistic();

  public consumed(now: number, records: number, bytes: number): void {
    this.records.record(now, records);
    this.bytes.record(now, bytes);
  }

  /** A commit has been answered, either way. */
  public committed(now: number, latencyMs: number): void {
    this.commits.record(now, 1);
    this.commitLatency.record(now, latencyMs);
  }

  /** @param lags of the assigned partitions; null where not known yet */
  public read(now: number, lags: readonly (number | null)[]): ConsumerMetrics {
    return {
      'records-consumed-total': this.records.total,
      'records-consumed-rate': this.records.rate(now),
      'bytes-consumed-total': this.bytes.total,
      'bytes-consumed-rate': this.bytes.rate(now),
      'records-lag-max': Math.max(0, ...lags.map((lag) => lag ?? 0)),
      'assigned-partitions': lags.length,
      'commit-total': this.commits.total,
      'commit-rate': this.commits.rate(now),
      'commit-latency-avg': this.commitLatency.average(now),
      'commit-latency-max': this.commitLatency.maximum(now),
    };
  }
}
