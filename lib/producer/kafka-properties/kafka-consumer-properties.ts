/**
 * The consumer's settings found by `fromKafkaProperties`: Kafka's names in camel case, only those that were given.
 * Times are milliseconds, sizes bytes.
 */
export interface KafkaConsumerProperties {
  readonly groupId?: string;
  readonly groupInstanceId?: string;
  readonly fetchMinBytes?: number;
  readonly fetchMaxBytes?: number;
  readonly fetchMaxWaitMs?: number;
  readonly maxPartitionFetchBytes?: number;
  readonly maxPollRecords?: number;
  readonly sessionTimeoutMs?: number;
  readonly heartbeatIntervalMs?: number;
  readonly maxPollIntervalMs?: number;
  readonly enableAutoCommit?: boolean;
  readonly autoCommitIntervalMs?: number;
  readonly autoOffsetReset?: string;
  readonly isolationLevel?: 'read_uncommitted' | 'read_committed';
  /** Class names, as they were given. */
  readonly partitionAssignmentStrategy?: readonly string[];
  readonly clientRack?: string;
  readonly allowAutoCreateTopics?: boolean;
}
