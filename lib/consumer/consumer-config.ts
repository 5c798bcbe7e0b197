/** Where a group begins that has no committed offset, or whose offset is no longer there. */
export type AutoOffsetReset = 'earliest' | 'latest' | 'none';

/** Which records of transactions are delivered: those of committed ones only, or all. */
export type IsolationLevel = 'read_committed' | 'read_uncommitted';

/** The settings of one group member, resolved and checked. Kafka's names in camel case; times in milliseconds, sizes in bytes. */
export interface ConsumerConfig {
  readonly clientId: string;
  readonly groupId: string;
  /** null: a dynamic member. */
  readonly groupInstanceId: string | null;
  /** null: always fetch from the leader. */
  readonly clientRack: string | null;
  readonly autoOffsetReset: AutoOffsetReset;
  readonly isolationLevel: IsolationLevel;
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  /** How long the group waits for a member to join again (the rebalance timeout of JoinGroup). */
  readonly maxPollIntervalMs: number;
  /** In the order of preference. */
  readonly partitionAssignmentStrategy: readonly string[];
  readonly fetchMinBytes: number;
  readonly fetchMaxBytes: number;
  readonly fetchMaxWaitMs: number;
  readonly maxPartitionFetchBytes: number;
  readonly allowAutoCreateTopics: boolean;
  readonly metadataMaxAgeMs: number;
  readonly requestTimeoutMs: number;
  /** How long a call to a coordinator or leader is repeated before it fails. */
  readonly defaultApiTimeoutMs: number;
  readonly retryBackoffMs: number;
  readonly retryBackoffMaxMs: number;
  readonly reconnectBackoffMs: number;
  readonly reconnectBackoffMaxMs: number;
  readonly connectionsMaxIdleMs: number;
  readonly socketConnectionSetupTimeoutMs: number;
}
