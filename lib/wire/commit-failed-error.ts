import { KafkaError } from './kafka-error.js';

/**
 * The consumer group has moved on without this member: its offsets were refused (Kafka's `CommitFailedException`). A transaction that they belong to cannot
 * commit; whoever has the partitions now handles their records again.
 */
export class CommitFailedError extends KafkaError {}
