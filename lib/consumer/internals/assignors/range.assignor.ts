import { emptyShares, sortMembers, sortTopics } from './assignment-order.js';
import type { AssignableMember, GroupAssignment, PartitionAssignor } from './partition-assignor.js';

/**
 * Each topic on its own: its partitions in order, cut into one range per subscriber, the first ones one longer (Kafka's `RangeAssignor`, without racks). Topics
 * with as many partitions and the same subscribers are shared in the same way, so that their records can be joined.
 */
export class RangeAssignor implements PartitionAssignor {
  public readonly name = 'range';

  public assign(
    members: readonly AssignableMember[],
    partitionsPerTopic: ReadonlyMap<string, number>,
  ): GroupAssignment {
    const assignment = emptyShares(members);
    const sorted = sortMembers(members);
    for (const [topic, partitions] of sortTopics(partitionsPerTopic)) {
      const subscribers = sorted.filter((member) => member.topics.has(topic));
      const each = Math.floor(partitions / subscribers.length);
      const longer = partitions % subscribers.length;
      let partition = 0;
      subscribers.forEach(({ memberId }, index) => {
        const end = partition + each + (index < longer ? 1 : 0);
        for (; partition < end; partition++) assignment.get(memberId)?.push({ topic, partition });
      });
    }
    return assignment;
  }
}
