/** What `KafkaProducer.metrics()` tells. */
export const PRODUCER_FIGURES = [
  'record-send-total',
  'record-send-rate',
  'record-error-total',
  'record-error-rate',
  'record-retry-total',
  'record-retry-rate',
  'record-size-avg',
  'record-size-max',
  'record-queue-time-avg',
  'record-queue-time-max',
  'records-per-request-avg',
  'batch-size-avg',
  'batch-size-max',
  'batch-split-total',
  'batch-split-rate',
  'compression-rate-avg',
  'request-total',
  'request-rate',
  'request-latency-avg',
  'request-latency-max',
  'requests-in-flight',
  'outgoing-byte-total',
  'outgoing-byte-rate',
  'produce-throttle-time-avg',
  'produce-throttle-time-max',
  'waiting-threads',
  'buffer-total-bytes',
  'buffer-available-bytes',
  'buffer-exhausted-total',
  'buffer-exhausted-rate',
  'bufferpool-wait-time-ns-total',
  'bufferpool-wait-ratio',
  'flush-time-ns-total',
  'metadata-age',
  'emit-error-total',
  'txn-init-time-ns-total',
  'txn-begin-time-ns-total',
  'txn-send-offsets-time-ns-total',
  'txn-commit-time-ns-total',
  'txn-abort-time-ns-total',
  'txn-committed-total',
  'txn-aborted-total',
  'txn-outcome-unknown-total',
] as const;

/** What `KafkaListenerRegistry.metrics()` tells: of listeners, of their partitions, of groups. */
export const CONSUMER_FIGURES = [
  'records-consumed-total',
  'records-consumed-rate',
  'bytes-consumed-total',
  'bytes-consumed-rate',
  'records-lag-max',
  'assigned-partitions',
  'commit-total',
  'commit-rate',
  'commit-latency-avg',
  'commit-latency-max',
  'records-lag',
  'fetch-total',
  'fetch-rate',
  'fetch-latency-avg',
  'fetch-latency-max',
  'fetch-size-avg',
  'fetch-size-max',
  'fetch-throttle-time-avg',
  'fetch-throttle-time-max',
  'heartbeat-total',
  'heartbeat-rate',
  'heartbeat-response-time-max',
  'last-heartbeat-seconds-ago',
  'rebalance-total',
  'rebalance-latency-total',
  'rebalance-latency-avg',
  'rebalance-latency-max',
] as const;

const UNITS: readonly (readonly [pattern: RegExp, unit: string])[] = [
  [/-ns-total$/, 'ns'],
  [/-(latency|time)-(avg|max|total)$/, 'ms'],
  [/-bytes$|^bytes-.*-total$|-byte-total$|-size-(avg|max)$/, 'By'],
  [/^metadata-age$|-seconds-ago$/, 's'],
];

/** By the Unified Code for Units of Measure, as OpenTelemetry wants it; empty for plain counts. */
export function unitOf(figure: string): string {
  return UNITS.find(([pattern]) => pattern.test(figure))?.[1] ?? '';
}

/** Whether it only grows. */
export function isTotal(figure: string): boolean {
  return figure.endsWith('-total');
}
