/** Where a record stood that failed for the first time. */
export const ORIGINAL = {
  topic: 'dlt-original-topic',
  partition: 'dlt-original-partition',
  offset: 'dlt-original-offset',
  timestamp: 'dlt-original-timestamp',
} as const;
export const FIRST_FAILED_AT = 'dlt-first-failed-at';

/** What is about the last failure, and is written anew by each. */
export const LATEST = {
  sourceTopic: 'dlt-source-topic',
  sourcePartition: 'dlt-source-partition',
  sourceOffset: 'dlt-source-offset',
  group: 'dlt-consumer-group',
  listener: 'dlt-listener',
  errorClass: 'dlt-error-class',
  errorMessage: 'dlt-error-message',
  errorStack: 'dlt-error-stack',
  attempts: 'dlt-attempts',
} as const;
export const LATEST_NAMES: ReadonlySet<string> = new Set(Object.values(LATEST));

/** Everything that a dead letter has besides the record's own headers. */
export const DEAD_LETTER_NAMES: ReadonlySet<string> = new Set([
  ...Object.values(ORIGINAL),
  FIRST_FAILED_AT,
  ...LATEST_NAMES,
]);

/** How often a record has been sent back to its topic from a dead-letter topic (`nest-kafka dead-letters replay`). It is the record's own, and comes along when it fails again. */
export const REPLAY_COUNT = 'dlt-replay-count';
