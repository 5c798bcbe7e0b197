import { spread } from '../statistics.js';
import type { ConsumerMeasure } from '../worker/consumer-job.js';
import type { ConsumerResult, ConsumerSeries, TransformResult, TransformSubject } from './results.js';

/** Messages per second. */
export function messageRates(measures: readonly ConsumerMeasure[]): number[] {
  return measures.map(({ records, seconds }) => records / seconds);
}

/** Transactions per second: one for each call of the handler. */
export function callRates(measures: readonly ConsumerMeasure[]): number[] {
  return measures.map(({ calls, seconds }) => calls / seconds);
}

/** Microseconds of processor time per message. */
export function cpuSeries(measures: readonly ConsumerMeasure[]): number[] {
  return measures.map(({ cpuMicrosPerMessage }) => cpuMicrosPerMessage);
}

export function summarizeConsumer<Subject>({ measures, subject }: ConsumerSeries<Subject>): Subject & ConsumerResult {
  return {
    ...subject,
    records: measures[0]?.records ?? 0,
    messagesPerSecond: spread(messageRates(measures)),
    cpuMicrosPerMessage: spread(cpuSeries(measures)),
  };
}

export function summarizeTransform(series: ConsumerSeries<TransformSubject>): TransformResult {
  return { ...summarizeConsumer(series), transactionsPerSecond: spread(callRates(series.measures)) };
}
