import type { LogSink } from '../wire/log-sink.js';
import { failedRecordMetadata } from './internals/record-metadata.js';
import type { DeliveryCallback } from './record.js';
import { topicOf } from './topic-of.js';

/** Tells a callback that its record was refused before it got to an engine. What the callback throws is logged and ignored. */
export function failDelivery(callback: DeliveryCallback, error: Error, record: unknown, log: LogSink): void {
  try {
    callback(error, failedRecordMetadata(topicOf(record), -1));
  } catch {
    // Only that it has thrown: its text may hold what the record held.
    log.error('A delivery callback has thrown; the error is ignored. Catch it inside the callback.');
  }
}
