import { KafkaError, type KafkaErrorDetails } from '../../../wire/kafka-error.js';

/** The group is rebalancing: the commit was not made, and the member joins again first (Kafka's `RebalanceInProgressException`). */
export class RebalanceInProgressError extends KafkaError {
  public constructor(message: string, details: KafkaErrorDetails = {}) {
    super(message, { retriable: true, ...details });
  }
}

/** The group has committed no offset of a partition, and `autoOffsetReset` is `none` (Kafka's `NoOffsetForPartitionException`). */
export class NoOffsetForPartitionError extends KafkaError {}

/** The offset to go on from is no longer, or not yet, in the log, and `autoOffsetReset` is `none` (Kafka's `OffsetOutOfRangeException`). */
export class OffsetOutOfRangeError extends KafkaError {}
