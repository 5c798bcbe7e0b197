import { groupByTopic } from '../../../wire/group-by-topic.js';
import { ProtocolReader } from '../../../wire/protocol/protocol-reader.js';
import { ProtocolWriter } from '../../../wire/protocol/protocol-writer.js';
import type { GroupMembershipIdentity, TopicPartition } from '../../consumer-engine-api.js';
import { sortMembers, sortTopics } from './assignment-order.js';
import type { AssignableMember, GroupAssignment, PartitionAssignor } from './partition-assignor.js';

interface Share {
  readonly member: AssignableMember;
  readonly partitions: TopicPartition[];
}

/** What a member says it had. */
interface Claim {
  readonly generationId: number;
  readonly partitions: readonly TopicPartition[];
}

/**
 * As even as it can be, and members keep what they had as far as that allows. Kafka's name and user data (`StickyAssignor`, schema version 1), so that it works in
 * a group with Java members, whoever leads. The shares may differ from those that a Java leader would choose.
 */
export class StickyAssignor implements PartitionAssignor {
  public readonly name = 'sticky';
  private last: Claim | null = null;

  public userData(): Buffer | null {
    if (this.last === null) return null;
    const writer = new ProtocolWriter();
    writer.array(
      groupByTopic(this.last.partitions, ({ partition }) => partition),
      ({ name, partitions }) => writer.string(name).array(partitions, (partition) => writer.int32(partition)),
    );
    return writer.int32(this.last.generationId).toBuffer();
  }

  public onAssignment(partitions: readonly TopicPartition[], { generationId }: GroupMembershipIdentity): void {
    this.last = { generationId, partitions };
  }

  public assign(
    members: readonly AssignableMember[],
    partitionsPerTopic: ReadonlyMap<string, number>,
  ): GroupAssignment {
    const shares = sortMembers(members).map((member): Share => ({ member, partitions: [] }));
    const free = keepFormer(shares, partitionsPerTopic);
    for (const partition of free) {
      smallest(shares, partition.topic)?.partitions.push(partition);
    }
    level(shares);
    return new Map(shares.map(({ member, partitions }) => [member.memberId, partitions]));
  }
}

/** Gives members what they had. @returns what nobody has, in order */
function keepFormer(shares: readonly Share[], partitionsPerTopic: ReadonlyMap<string, number>): TopicPartition[] {
  const free = new Map<string, TopicPartition>();
  for (const [topic, count] of sortTopics(partitionsPerTopic)) {
    for (let partition = 0; partition < count; partition++) free.set(`${topic}-${partition}`, { topic, partition });
  }
  const claims = shares.map((share) => ({ share, claim: readClaim(share.member.userData) }));
  // Of two who claim a partition, the one who had it later has it.
  claims.sort((one, other) => other.claim.generationId - one.claim.generationId);
  for (const { share, claim } of claims) {
    for (const { topic, partition } of claim.partitions) {
      const name = `${topic}-${partition}`;
      const kept = free.get(name);
      if (kept === undefined || !share.member.topics.has(topic)) continue;
      share.partitions.push(kept);
      free.delete(name);
    }
  }
  return [...free.values()];
}

/** Moves partitions until no move makes the shares more even. Each one does, so there is an end. */
function level(shares: readonly Share[]): void {
  for (let moved = true; moved;) {
    moved = false;
    for (const share of [...shares].sort((one, other) => other.partitions.length - one.partitions.length)) {
      if (moveOne(share, shares)) moved = true;
    }
  }
}

function moveOne(from: Share, shares: readonly Share[]): boolean {
  for (let index = from.partitions.length - 1; index >= 0; index--) {
    const partition = from.partitions[index];
    const to = partition === undefined ? undefined : smallest(shares, partition.topic);
    if (partition === undefined || to === undefined || from.partitions.length - to.partitions.length < 2) continue;
    from.partitions.splice(index, 1);
    to.partitions.push(partition);
    return true;
  }
  return false;
}

function smallest(shares: readonly Share[], topic: string): Share | undefined {
  let best: Share | undefined;
  for (const share of shares) {
    if (!share.member.topics.has(topic)) continue;
    if (best === undefined || share.partitions.length < best.partitions.length) best = share;
  }
  return best;
}

/** What cannot be read counts as nothing: it only costs moves. Schema version 0 has no generation. */
function readClaim(userData: Buffer | null): Claim {
  if (userData === null || userData.length === 0) return { generationId: -1, partitions: [] };
  try {
    const reader = new ProtocolReader(userData, 'User data of a sticky assignor');
    const topics = reader.array(() => ({ topic: reader.string(), partitions: reader.array(() => reader.int32()) }));
    const generationId = reader.remaining >= 4 ? reader.int32() : -1;
    return {
      generationId,
      partitions: topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition }))),
    };
  } catch {
    return { generationId: -1, partitions: [] };
  }
}
