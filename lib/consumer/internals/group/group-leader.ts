import { groupByTopic } from '../../../wire/group-by-topic.js';
import type { LogSink } from '../../../wire/log-sink.js';
import { decodeSubscription, encodeAssignment } from '../../../wire/protocol/consumer-protocol.js';
import type { JoinGroupMember } from '../../../wire/protocol/join-group.js';
import type { SyncGroupAssignment } from '../../../wire/protocol/sync-group.js';
import type { AssignableMember, PartitionAssignor } from '../assignors/partition-assignor.js';

const NO_TOPICS: ReadonlySet<string> = new Set();

/** The members of a group as its leader has to know them; one whose subscription cannot be read gets nothing. */
export function assignableMembers(members: readonly JoinGroupMember[], log: LogSink): AssignableMember[] {
  return members.map(({ memberId, groupInstanceId, metadata }) => {
    try {
      const { topics, userData } = decodeSubscription(metadata);
      return { memberId, groupInstanceId, topics: new Set(topics), userData };
    } catch (error) {
      log.warn(`The subscription of group member ${memberId} cannot be read; it gets no partitions. ${String(error)}`);
      return { memberId, groupInstanceId, topics: NO_TOPICS, userData: null };
    }
  });
}

export function topicsOf(members: readonly AssignableMember[]): string[] {
  return [...new Set(members.flatMap(({ topics }) => [...topics]))];
}

/** What the leader hands in: an entry for every member. */
export function assignAll(
  assignor: PartitionAssignor,
  members: readonly AssignableMember[],
  partitionsPerTopic: ReadonlyMap<string, number>,
): SyncGroupAssignment[] {
  const shares = assignor.assign(members, partitionsPerTopic);
  return members.map(({ memberId }) => {
    const topics = groupByTopic(shares.get(memberId) ?? [], ({ partition }) => partition);
    const topicPartitions = topics.map(({ name, partitions }) => ({ topic: name, partitions }));
    return { memberId, assignment: encodeAssignment({ topicPartitions, userData: null }) };
  });
}
