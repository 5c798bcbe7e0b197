import type { PartitionMetadata, TopicMetadata } from '../../../wire/cluster-metadata.js';

/** Who leads a partition. */
export interface PartitionLeader {
  readonly leaderId: number;
  /** -1 where brokers are too old to tell. */
  readonly leaderEpoch: number;
}

/** What brokers that do not know topic ids yet give for one. */
const NO_TOPIC_ID = '0'.repeat(32);

/** A topic as the latest metadata shows it. */
export class KnownTopic {
  private leaders: readonly PartitionLeader[] = [];
  private topicId: string | null = null;
  /** Answers in a row that did not have it. */
  public absences = 0;

  public constructor(
    public readonly name: string,
    public readonly isInternal: boolean,
  ) {}

  public get partitionCount(): number {
    return this.leaders.length;
  }

  public get lacksLeader(): boolean {
    return this.leaders.some(({ leaderId }) => leaderId < 0);
  }

  /** Changes with the number of partitions, and when the topic was deleted and made again. */
  public get identity(): string {
    return `${this.topicId ?? ''}/${this.leaders.length}`;
  }

  /** null while there is none. */
  public leader(partition: number): PartitionLeader | null {
    const leader = this.leaders[partition];
    return leader === undefined || leader.leaderId < 0 ? null : leader;
  }

  /** @returns whether a leader has changed, and whether it is another topic of the same name */
  public update(metadata: TopicMetadata): { readonly leaders: boolean; readonly isAnother: boolean } {
    const topicId = metadata.topicId === NO_TOPIC_ID ? null : metadata.topicId;
    const isAnother = this.topicId !== null && topicId !== null && topicId !== this.topicId;
    const partitions = [...metadata.partitions].sort((left, right) => left.partition - right.partition);
    this.absences = 0;
    if (partitions.some(({ partition }, index) => partition !== index)) return { leaders: false, isAnother: false };
    this.topicId = topicId ?? this.topicId;
    // A topic that was made again counts its leader epochs from 0 again.
    const next = partitions.map((partition) => (isAnother ? partition : this.newer(partition)));
    const leaders =
      next.length !== this.leaders.length || next.some(({ leaderId }, at) => leaderId !== this.leaders[at]?.leaderId);
    this.leaders = next.map(({ leaderId, leaderEpoch }) => ({ leaderId, leaderEpoch }));
    return { leaders, isAnother };
  }

  /** @returns whether it is news */
  public updateLeader(partition: number, leader: PartitionLeader): boolean {
    const known = this.leaders[partition];
    if (known === undefined || leader.leaderId < 0 || leader.leaderEpoch <= known.leaderEpoch) return false;
    this.leaders = this.leaders.map((entry) => (entry === known ? leader : entry));
    return true;
  }

  /** A broker that lags behind must not take the client back to an older leader. */
  private newer(partition: PartitionMetadata): PartitionLeader {
    const known = this.leaders[partition.partition];
    return known !== undefined && partition.leaderEpoch >= 0 && partition.leaderEpoch < known.leaderEpoch
      ? known
      : partition;
  }
}
