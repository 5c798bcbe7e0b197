import { emptyShares, sortMembers, sortTopics } from './assignment-order.js';
import type { AssignableMember, GroupAssignment, PartitionAssignor } from './partition-assignor.js';

/** The partitions of all topics in a row, dealt out one by one to whoever is next and has subscribed to the topic (Kafka's `RoundRobinAssignor`). */
export class RoundRobinAssignor implements PartitionAssignor {
  public readonly name = 'roundrobin';

  public assign(
    members: readonly AssignableMember[],
    partitionsPerTopic: ReadonlyMap<string, number>,
  ): GroupAssignment {
    const assignment = emptyShares(members);
    const sorted = sortMembers(members);
    let next = 0;
    for (const [topic, partitions] of sortTopics(partitionsPerTopic)) {
      if (!sorted.some((member) => member.topics.has(topic))) continue;
      for (let partition = 0; partition < partitions; partition++) {
        while (sorted[next]?.topics.has(topic) !== true) next = (next + 1) % sorted.length;
        const memberId = sorted[next]?.memberId ?? '';
        assignment.get(memberId)?.push({ topic, partition });
        next = (next + 1) % sorted.length;
      }
    }
    return assignment;
  }
}
