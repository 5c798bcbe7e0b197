import type { AdminClient } from '../../wire/admin/admin-client.js';
import { endsWhereLed, type PartitionName } from '../common/partition-offsets.js';
import { visibleTopics } from '../common/topics.js';
import { committedOffsets, type GroupDescription, type GroupMember } from './group-requests.js';

/** How far a group has come in a partition. */
export interface PartitionLag extends PartitionName {
  /** null where nothing is committed. */
  readonly committed: bigint | null;
  /** The high watermark, as in Kafka's own tool; null where the topic is not there (any more), or the partition has no leader. */
  readonly end: bigint | null;
  /** null where one of the two is not known. */
  readonly lag: bigint | null;
  readonly member: GroupMember | null;
}

/** Every partition that the group has committed, or that a member has, by topic and number. */
export async function lagOf(admin: AdminClient, { group, members }: GroupDescription): Promise<PartitionLag[]> {
  const committed = new Map((await committedOffsets(admin, group)).map((offset) => [keyOf(offset), offset]));
  const holders = new Map(
    members.flatMap((member) =>
      member.assignment.map((partition) => [keyOf(partition), { member, partition }] as const),
    ),
  );
  const partitions = new Map<string, PartitionName>(committed);
  for (const [key, { partition }] of holders) partitions.set(key, partition);
  const ends = await endOffsets(admin, [...partitions.values()]);
  return [...partitions]
    .map(([key, { partition, topic }]) => {
      const offset = committed.get(key)?.offset ?? null;
      const end = ends.get(key) ?? null;
      const lag = offset === null || end === null ? null : end - offset;
      return { topic, partition, committed: offset, end, lag, member: holders.get(key)?.member ?? null };
    })
    .sort((left, right) => left.topic.localeCompare(right.topic) || left.partition - right.partition);
}

/** What is known of all partitions together; null when nothing is. */
export function totalLag(partitions: readonly PartitionLag[]): bigint | null {
  const known = partitions.flatMap(({ lag }) => (lag === null ? [] : [lag]));
  return known.length === 0 ? null : known.reduce((sum, lag) => sum + lag, 0n);
}

/** The high watermarks of those that are there. */
async function endOffsets(
  admin: AdminClient,
  partitions: readonly PartitionName[],
): Promise<Map<string, bigint | null>> {
  if (partitions.length === 0) return new Map();
  const counts = new Map((await visibleTopics(admin)).map((topic) => [topic.name, topic.partitions.length]));
  const there = partitions.filter(({ partition, topic }) => partition < (counts.get(topic) ?? 0));
  const ends = await endsWhereLed(admin, there);
  return new Map(there.map((partition, index) => [keyOf(partition), ends[index] ?? null]));
}

function keyOf({ partition, topic }: PartitionName): string {
  return `${topic}-${partition}`;
}
