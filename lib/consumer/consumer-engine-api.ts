import type { ConsumedRecord } from './consumed-record.js';
import type { ConsumerMetrics } from './consumer-metrics.js';

/** A partition of a topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Which member of which generation of its group holds a partition (KIP-447): offsets of a former one are refused. */
export interface GroupMembershipIdentity {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

/** Where reading goes on. */
export type SeekTarget = bigint | 'earliest' | 'latest';

/**
 * A partition from the moment it is assigned until it is revoked or lost. When it is assigned again that is another object, so whoever keeps one can tell
 * work of a former assignment by it.
 */
export interface AssignedPartition extends TopicPartition {
  /** Of the generation that has assigned it. */
  readonly membership: GroupMembershipIdentity;
  /** false for good once it was revoked or lost. */
  readonly isAssigned: boolean;
  /** The next offset that is going to be handed out; -1n until it is known. */
  readonly position: bigint;
  /** Of the last fetch: the end of the log, or with read_committed the last stable offset; -1n before the first. */
  readonly endOffset: bigint;
  /** Nothing more is handed out until every reason that was given is taken back. Takes effect at once. */
  pause(reason: string): void;
  resume(reason: string): void;
  /** Forgets what was fetched and goes on from there: nothing that was fetched before is handed out after this call. */
  seek(target: SeekTarget): void;
}

/** An offset to commit: that of the next record to read. */
export interface OffsetToCommit {
  readonly partition: AssignedPartition;
  readonly offset: bigint;
  /** -1 when not known. */
  readonly leaderEpoch: number;
}

/** What an engine tells. Called in order, never at the same time; what they throw is logged. */
export interface ConsumerEngineEvents {
  /** May be none: the group has more members than partitions. Positions are resolved after this call, and records come only then. */
  onAssigned(partitions: readonly AssignedPartition[]): void;
  /**
   * Before the partitions are given away: commits are still taken. The member joins again when the promise settles, or after `deadline` (milliseconds since the
   * epoch). Afterwards `isAssigned` is false.
   */
  onRevoked(partitions: readonly AssignedPartition[], deadline: number): Promise<void>;
  /** They belong to somebody else already (session expired, member unknown): commits would be refused. */
  onLost(partitions: readonly AssignedPartition[]): void;
  /**
   * @param records in order; empty when there was nothing to deliver (markers, aborted records, a compacted gap)
   * @param nextOffset where reading goes on: everything below it has been handed out or is not there
   */
  onRecords(partition: AssignedPartition, records: readonly ConsumedRecord[], nextOffset: bigint): void;
  /** Something is wrong that may pass (no coordinator, no leader); null: it has passed. For health and logs. */
  onTrouble(error: Error | null): void;
  /** The engine has stopped for good: no rights, fenced instance id, no offset with `autoOffsetReset: 'none'`, inconsistent protocol. Partitions were lost. */
  onFatal(error: Error): void;
}

/** How a group member is doing, from what it knows anyway. */
export interface ConsumerEngineStatus {
  readonly state: 'starting' | 'joining' | 'stable' | 'rebalancing' | 'closed' | 'failed';
  /** Milliseconds since `state` was last `stable`, or since the member was made; 0 while it is. */
  readonly unstableMs: number;
  readonly generationId: number;
  readonly memberId: string;
  readonly assigned: readonly AssignedPartition[];
  /** Topics that are to be read and did not exist when the brokers last told. */
  readonly missingTopics: readonly string[];
  readonly connectedBrokers: number;
  readonly lastError: string | null;
  /** For how long something has been wrong that may pass, in milliseconds: the coordinator, the brokers, a partition without a leader. 0 when all is well. */
  readonly troubledMs: number;
  /** Milliseconds since the coordinator last answered a heartbeat or join; null before the first. */
  readonly coordinatorSilentMs: number | null;
}

/** One member of one group: joins, fetches, commits (Kafka's `KafkaConsumer` without its poll). */
export interface ConsumerEngineApi {
  /** Connects, and joins in the background. @throws BrokerUnavailableError, KafkaAuthenticationError and what else makes a start pointless */
  start(): Promise<void>;
  /** Topics to read from now on; joins again when they have changed. */
  subscribe(topics: readonly (string | RegExp)[]): void;
  /**
   * Commits offsets; retriable errors are retried until `deadline`.
   * @throws (as a rejection) CommitFailedError when the group has moved on without this member; KafkaTimeoutError; BrokerResponseError
   */
  commit(offsets: readonly OffsetToCommit[], deadline: number): Promise<void>;
  /**
   * Gives all partitions away and joins again, so that they are read from what is committed by then.
   * @param reason for the logs
   */
  rejoin(reason: string): void;
  /** The offset of the first record at or after a time, the end where there is none. */
  offsetForTime(partition: TopicPartition, timestamp: number, deadline: number): Promise<bigint>;
  status(): ConsumerEngineStatus;
  /** Of the member and its fetches, since it was made; see `KafkaGroupMetrics`. */
  metrics(): ConsumerMetrics;
  /** Revokes (`onRevoked`), leaves the group and closes the connections; takes at most `timeoutMs`. Idempotent. */
  close(timeoutMs: number): Promise<void>;
}
