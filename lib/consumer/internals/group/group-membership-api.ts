import type { CoordinatorClient } from '../../../wire/coordinator-client.js';
import type { LogSink } from '../../../wire/log-sink.js';
import type { ConsumerConfig } from '../../consumer-config.js';
import type { GroupMembershipIdentity, TopicPartition } from '../../consumer-engine-api.js';
import type { PartitionAssignor } from '../assignors/partition-assignor.js';

/**
 * - `starting`: nothing has been sent.
 * - `joining`: holds no partitions, and is not in a generation.
 * - `stable`: a member with an assignment.
 * - `rebalancing`: the group comes together anew, and so does this member; its partitions are being given away, or are gone.
 * - `closed`: has left, or was closed. For good.
 * - `failed`: `onFatal` was called. For good.
 */
export type GroupMembershipState = 'starting' | 'joining' | 'stable' | 'rebalancing' | 'closed' | 'failed';

/** What a membership asks and tells. Never after `leave` or `close` was called. What the callbacks throw is logged. */
export interface GroupMembershipEvents {
  /** The names of the topics to read, now. Asked before each join. */
  subscription(): readonly string[];
  /**
   * How many partitions topics have; those that do not exist are left out. Asked in the leader only, which should look out for changes (also of topics that
   * only others read) and call `requestRejoin`.
   */
  partitionCounts(topics: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /**
   * The partitions are going to be given away. Until the promise settles, or the deadline (milliseconds since the epoch), heartbeats go on and `identity` is
   * good for commits. When `onLost` is called meanwhile, the promise is not waited for any more.
   */
  onJoinPrepare(deadline: number): Promise<void>;
  /** Replaces everything before it. */
  onAssigned(partitions: readonly TopicPartition[], membership: GroupMembershipIdentity): void;
  /** The partitions of the last `onAssigned` belong to others, or will in a moment: commits would be refused. */
  onLost(): void;
  /** The coordinator has answered a heartbeat, with whatever. */
  onHeartbeat?(latencyMs: number): void;
  /** The coordinator cannot be reached or does not let this member in, but may later: once per outage; null when it has passed. */
  onTrouble(error: Error | null): void;
  /** The membership has ended for good; after `onLost`, where partitions were held. */
  onFatal(error: Error): void;
}

/** What a membership uses of its coordinator's client. */
export type GroupCoordinatorClient = Pick<CoordinatorClient, 'once' | 'disconnect' | 'close'>;

export interface GroupMembershipDependencies {
  /**
   * For this membership alone, and its link, too: a JoinGroup waits for all other members, and nothing on its connection is answered meanwhile. Its
   * `lookUpLink` has to be another link.
   */
  readonly coordinator: GroupCoordinatorClient;
  readonly config: ConsumerConfig;
  /** In the order of preference. */
  readonly assignors: readonly PartitionAssignor[];
  readonly log: LogSink;
  readonly events: GroupMembershipEvents;
}
