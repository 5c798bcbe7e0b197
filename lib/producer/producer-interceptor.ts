import type { ProducerRecord, RecordMetadata } from './record.js';

/**
 * Sees every record before serialization and every outcome before the caller (Kafka's `ProducerInterceptor`).
 * What it throws is logged and ignored; the next interceptor gets the last good record.
 */
export interface ProducerInterceptor {
  /** May return another record to send in its place. */
  onSend?(record: ProducerRecord): ProducerRecord;
  /**
   * Once per record, in order per partition; for a record that failed before it had a partition `metadata.partition` is -1. What it sends belongs to no
   * transaction.
   */
  onAcknowledgement?(metadata: RecordMetadata, error: Error | null): void;
  /** Called once, when the producer has closed. */
  close?(): void;
}
