import type { TopicPartition } from '../../consumer-engine-api.js';
import type { AssignableMember } from './partition-assignor.js';

// Strings are compared by UTF-16 units, as Java does: with a leader of another client the result has to be the same.

/** The order in which members get their share: static ones first, by instance id, so that they keep it over restarts; then the others, by member id. */
export function sortMembers(members: readonly AssignableMember[]): AssignableMember[] {
  return [...members].sort((one, other) => {
    if (one.groupInstanceId !== null && other.groupInstanceId !== null) {
      return compareStrings(one.groupInstanceId, other.groupInstanceId);
    }
    if (one.groupInstanceId !== null) return -1;
    if (other.groupInstanceId !== null) return 1;
    return compareStrings(one.memberId, other.memberId);
  });
}

/** The order in which topics are shared. */
export function sortTopics(partitionsPerTopic: ReadonlyMap<string, number>): [topic: string, partitions: number][] {
  return [...partitionsPerTopic].sort(([one], [other]) => compareStrings(one, other));
}

/** Every member with nothing yet. */
export function emptyShares(members: readonly AssignableMember[]): Map<string, TopicPartition[]> {
  return new Map(members.map(({ memberId }) => [memberId, []]));
}

function compareStrings(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
