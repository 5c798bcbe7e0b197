import type { ProducerMetrics } from '../producer-engine-api.js';
import { WindowedStatistic } from '../../wire/windowed-statistic.js';

/** What the engine tells at the moment of reading. */
export interface ProducerGauges {
  readonly bufferTotalBytes: number;
  readonly bufferAvailableBytes: number;
  readonly waitingThreads: number;
  readonly requestsInFlight: number;
  readonly metadataAgeMs: number;
}

/**
 * Counts what the producer does, by the names of Kafka's `producer-metrics`: times in milliseconds, sizes in bytes, rates per second. Fed per
 * batch and per request, never per record.
 */
export class ProducerMetricsRecorder {
  private readonly recordSend = new WindowedStatistic();
  private readonly recordError = new WindowedStatistic();
  private readonly recordRetry = new WindowedStatistic();
  private readonly recordsPerRequest = new WindowedStatistic();
  private readonly recordSize = new WindowedStatistic();
  private readonly batchSize = new WindowedStatistic();
  private readonly batchSplit = new WindowedStatistic();
  private readonly compressionRate = new WindowedStatistic();
  private readonly queueTime = new WindowedStatistic();
  private readonly requestLatency = new WindowedStatistic();
  private readonly requests = new WindowedStatistic();
  private readonly outgoingBytes = new WindowedStatistic();
  private readonly throttleTime = new WindowedStatistic();
  private readonly bufferExhausted = new WindowedStatistic();
  private readonly bufferWaitTime = new WindowedStatistic();
  private flushTimeNs = 0;

  public batchSent(now: number, records: number, bytes: number, uncompressedBytes: number, queueTimeMs: number): void {
    this.recordSend.record(now, records);
    this.batchSize.record(now, bytes);
    this.recordSize.record(now, uncompressedBytes / Math.max(1, records));
    this.compressionRate.record(now, uncompressedBytes > 0 ? bytes / uncompressedBytes : 1);
    this.queueTime.record(now, queueTimeMs);
  }

  public requestSent(now: number, records: number, bytes: number): void {
    this.recordsPerRequest.record(now, records);
    this.requests.record(now, 1);
    this.outgoingBytes.record(now, bytes);
  }

  public requestAnswered(now: number, latencyMs: number, throttleMs: number): void {
    this.requestLatency.record(now, latencyMs);
    this.throttleTime.record(now, throttleMs);
  }

  public recordsFailed(now: number, records: number): void {
    this.recordError.record(now, records);
  }

  public recordsRetried(now: number, records: number): void {
    this.recordRetry.record(now, records);
  }

  public batchSplitUp(now: number): void {
    this.batchSplit.record(now, 1);
  }

  public memoryExhausted(now: number): void {
    this.bufferExhausted.record(now, 1);
  }

  public memoryWaited(ns: number): void {
    this.bufferWaitTime.record(Date.now(), ns);
  }

  public flushed(ns: number): void {
    this.flushTimeNs += ns;
  }

  public read(now: number, gauges: ProducerGauges): ProducerMetrics {
    return {
      'record-send-total': this.recordSend.total,
      'record-send-rate': this.recordSend.rate(now),
      'record-error-total': this.recordError.total,
      'record-error-rate': this.recordError.rate(now),
      'record-retry-total': this.recordRetry.total,
      'record-retry-rate': this.recordRetry.rate(now),
      'record-size-avg': this.recordSize.average(now),
      'record-size-max': this.recordSize.maximum(now),
      'record-queue-time-avg': this.queueTime.average(now),
      'record-queue-time-max': this.queueTime.maximum(now),
      'records-per-request-avg': this.recordsPerRequest.average(now),
      'batch-size-avg': this.batchSize.average(now),
      'batch-size-max': this.batchSize.maximum(now),
      'batch-split-total': this.batchSplit.total,
      'batch-split-rate': this.batchSplit.rate(now),
      'compression-rate-avg': this.compressionRate.average(now),
      'request-total': this.requests.total,
      'request-rate': this.requests.rate(now),
      'request-latency-avg': this.requestLatency.average(now),
      'request-latency-max': this.requestLatency.maximum(now),
      'requests-in-flight': gauges.requestsInFlight,
      'outgoing-byte-total': this.outgoingBytes.total,
      'outgoing-byte-rate': this.outgoingBytes.rate(now),
      'produce-throttle-time-avg': this.throttleTime.average(now),
      'produce-throttle-time-max': this.throttleTime.maximum(now),
      'waiting-threads': gauges.waitingThreads,
      'buffer-total-bytes': gauges.bufferTotalBytes,
      'buffer-available-bytes': gauges.bufferAvailableBytes,
      'buffer-exhausted-total': this.bufferExhausted.total,
      'buffer-exhausted-rate': this.bufferExhausted.rate(now),
      'bufferpool-wait-time-ns-total': this.bufferWaitTime.total,
      'bufferpool-wait-ratio': this.bufferWaitTime.rate(now) / 1e9,
      'flush-time-ns-total': this.flushTimeNs,
      'metadata-age': gauges.metadataAgeMs / 1000,
    };
  }
}
