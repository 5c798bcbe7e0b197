import type { GroupMembershipIdentity, TopicPartition } from '../../consumer-engine-api.js';

/** A member as the leader of its group sees it. */
export interface AssignableMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly topics: ReadonlySet<string>;
  /** What the member's assignor of the same name has sent along. */
  readonly userData: Buffer | null;
}

/** Who gets what, by member id. Every member is in it, also with nothing. */
export type GroupAssignment = ReadonlyMap<string, readonly TopicPartition[]>;

/** Shares the partitions of a group among its members (Kafka's `ConsumerPartitionAssignor`, eager protocol). Runs in the member that leads. */
export interface PartitionAssignor {
  /** What the members of a group have to agree on; Kafka's name where the result is Kafka's. */
  readonly name: string;
  /** @param partitionsPerTopic of the topics that exist; the others are left out */
  assign(members: readonly AssignableMember[], partitionsPerTopic: ReadonlyMap<string, number>): GroupAssignment;
  /** What the leader should know of this member. Asked before each join. */
  userData?(): Buffer | null;
  /** What this member has got, whoever leads. */
  onAssignment?(partitions: readonly TopicPartition[], membership: GroupMembershipIdentity): void;
}
