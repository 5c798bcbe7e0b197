import { WindowedStatistic } from '../../wire/windowed-statistic.js';
import type { ConsumerMetrics } from '../consumer-metrics.js';

/** An answer to a Fetch. */
export interface FetchFigures {
  /** From the request to the answer, with the wait for data. */
  readonly latencyMs: number;
  /** Of the records, as they came. */
  readonly bytes: number;
  readonly throttleMs: number;
}

/** Counts what a member of a group does, by the names of Kafka's `consumer-fetch-manager-metrics` and `consumer-coordinator-metrics`. Fed per request, never per record. */
export class MemberMetricsRecorder {
  private readonly fetches = new WindowedStatistic();
  private readonly fetchLatency = new WindowedStatistic();
  private readonly fetchSize = new WindowedStatistic();
  private readonly throttleTime = new WindowedStatistic();
  private readonly heartbeats = new WindowedStatistic();
  private readonly heartbeatLatency = new WindowedStatistic();
  private readonly rebalanceLatency = new WindowedStatistic();
  private rebalances = 0;
  /** null while there is none. */
  private rebalancingSince: number | null = null;
  private lastHeartbeatAt: number | null = null;

  public fetched({ bytes, latencyMs, throttleMs }: FetchFigures): void {
    const now = Date.now();
    this.fetches.record(now, 1);
    this.fetchLatency.record(now, latencyMs);
    this.fetchSize.record(now, bytes);
    this.throttleTime.record(now, throttleMs);
  }

  public heartbeatAnswered(latencyMs: number): void {
    const now = Date.now();
    this.lastHeartbeatAt = now;
    this.heartbeats.record(now, 1);
    this.heartbeatLatency.record(now, latencyMs);
  }

  /** Partitions are given away or were lost, or the member joins for the first time. */
  public rebalanceStarted(): void {
    this.rebalancingSince ??= Date.now();
  }

  /** The member has an assignment. */
  public rebalanceEnded(): void {
    const now = Date.now();
    this.rebalanceLatency.record(now, now - (this.rebalancingSince ?? now));
    this.rebalances++;
    this.rebalancingSince = null;
  }

  public read(now: number): ConsumerMetrics {
    return {
      'fetch-total': this.fetches.total,
      'fetch-rate': this.fetches.rate(now),
      'fetch-latency-avg': this.fetchLatency.average(now),
      'fetch-latency-max': this.fetchLatency.maximum(now),
      'fetch-size-avg': this.fetchSize.average(now),
      'fetch-size-max': this.fetchSize.maximum(now),
      'fetch-throttle-time-avg': this.throttleTime.average(now),
      'fetch-throttle-time-max': this.throttleTime.maximum(now),
      'heartbeat-total': this.heartbeats.total,
      'heartbeat-rate': this.heartbeats.rate(now),
      'heartbeat-response-time-max': this.heartbeatLatency.maximum(now),
      'last-heartbeat-seconds-ago': this.lastHeartbeatAt === null ? -1 : (now - this.lastHeartbeatAt) / 1000,
      'rebalance-total': this.rebalances,
      'rebalance-latency-total': this.rebalanceLatency.total,
      'rebalance-latency-avg': this.rebalanceLatency.average(now),
      'rebalance-latency-max': this.rebalanceLatency.maximum(now),
    };
  }
}
