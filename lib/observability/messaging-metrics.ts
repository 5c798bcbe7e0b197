import type { Attributes, Histogram, Meter, ObservableResult } from '@opentelemetry/api';
import { describeError } from '../consumer/recovery/describe-error.js';
import { type MessagingOperation, metricAttributes } from './messaging-attributes.js';

/** Seconds, by the conventions. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** What has the same attributes. */
interface Series {
  readonly attributes: Attributes;
  /** Records sent, or handed to handlers. */
  messages: number;
}

/** Of two that report the same series, one would be lost. */
const shared = new WeakMap<Meter, Map<string, MessagingMetrics>>();

/** The instruments of the semantic conventions for messaging; one for all modules of an application. */
export class MessagingMetrics {
  private readonly operationDuration: Histogram;
  private readonly processDuration: Histogram;
  /** Counted here and read when somebody collects: for the SDK each addition is a search by seven attributes. */
  private readonly sentSeries = new Map<string, Series>();
  private readonly consumedSeries = new Map<string, Series>();
  private readonly otherSeries = new Map<string, Series>();

  private constructor(
    meter: Meter,
    private readonly common: Attributes,
  ) {
    const seconds = { unit: 's', advice: { explicitBucketBoundaries: BUCKETS } };
    this.operationDuration = meter.createHistogram('messaging.client.operation.duration', {
      ...seconds,
      description: 'How long sends took until they were acknowledged, and commits until they were answered.',
    });
    this.processDuration = meter.createHistogram('messaging.process.duration', {
      ...seconds,
      description: 'How long calls of handlers took.',
    });
    const sent = meter.createObservableCounter('messaging.client.sent.messages', {
      unit: '{message}',
      description: 'Records that were stored, and with error.type those that were not.',
    });
    const consumed = meter.createObservableCounter('messaging.client.consumed.messages', {
      unit: '{message}',
      description: 'Records that were handed to handlers, each counted once.',
    });
    sent.addCallback((result) => tell(result, this.sentSeries));
    consumed.addCallback((result) => tell(result, this.consumedSeries));
  }

  /** @param common attributes of every measurement */
  public static of(meter: Meter, common: Attributes): MessagingMetrics {
    const ofMeter = shared.get(meter) ?? new Map<string, MessagingMetrics>();
    shared.set(meter, ofMeter);
    const key = JSON.stringify(common);
    const metrics = ofMeter.get(key) ?? new MessagingMetrics(meter, common);
    ofMeter.set(key, metrics);
    return metrics;
  }

  /** @param error null for a success */
  public sent(operation: MessagingOperation, seconds: number, error: unknown): void {
    const series = this.find(this.sentSeries, operation, error);
    series.messages++;
    this.operationDuration.record(seconds, series.attributes);
  }

  public consumed(operation: MessagingOperation, records: number): void {
    this.find(this.consumedSeries, operation, null).messages += records;
  }

  /** @param error null for a success */
  public processed(operation: MessagingOperation, seconds: number, error: unknown): void {
    this.processDuration.record(seconds, this.find(this.otherSeries, operation, error).attributes);
  }

  /** @param error null for a success */
  public committed(operation: MessagingOperation, seconds: number, error: unknown): void {
    this.operationDuration.record(seconds, this.find(this.otherSeries, operation, error).attributes);
  }

  private find(all: Map<string, Series>, operation: MessagingOperation, error: unknown): Series {
    const { clientId, groupId, name, topic } = operation;
    const errorClass = error === null ? '' : describeError(error).errorClass;
    const key = `${name}\n${topic ?? ''}\n${groupId ?? ''}\n${clientId}\n${errorClass}`;
    let series = all.get(key);
    if (series === undefined) {
      series = { attributes: { ...metricAttributes(operation, errorClass), ...this.common }, messages: 0 };
      all.set(key, series);
    }
    return series;
  }
}

function tell(result: ObservableResult, all: ReadonlyMap<string, Series>): void {
  for (const { attributes, messages } of all.values()) result.observe(messages, attributes);
}
