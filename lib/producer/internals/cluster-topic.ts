import type { PartitionMetadata, TopicMetadata } from '../../wire/cluster-metadata.js';
import type { PartitionInfo } from '../record.js';

/** What brokers that do not know topic ids yet give for one. */
const NO_TOPIC_ID = '0'.repeat(32);

/** A topic as the latest metadata shows it; one object per topic for the life of the producer. */
export class ClusterTopic {
  /** By partition number. */
  private known: readonly PartitionMetadata[] = [];
  private availablePartitionNumbers: readonly number[] = [];
  private infos: readonly PartitionInfo[] | null = null;
  private topicId: string | null = null;
  /** Number of the metadata response that was the last to tell of it. */
  public toldBy = 0;
  /** Last time a record was sent to it. */
  public usedAt: number;

  public constructor(
    public readonly name: string,
    now: number,
  ) {
    this.usedAt = now;
  }

  /** Another one after the topic was deleted and made again; null where the brokers have no topic ids (before Kafka 2.8). */
  public get id(): string | null {
    return this.topicId === NO_TOPIC_ID ? null : this.topicId;
  }

  public get partitionCount(): number {
    return this.known.length;
  }

  /** Partitions that have a leader. */
  public get available(): readonly number[] {
    return this.availablePartitionNumbers;
  }

  /** Node id, or -1. */
  public leaderOf(partition: number): number {
    return this.known[partition]?.leaderId ?? -1;
  }

  /**
   * @param toldBy number of the metadata response
   * @returns whether a leader has changed
   */
  public update(metadata: TopicMetadata, toldBy = 0): boolean {
    const next = [...metadata.partitions].sort((left, right) => left.partition - right.partition);
    const isContiguous = next.every((partition, index) => partition.partition === index);
    if (!isContiguous) return false;
    // A topic that was created again counts its leader epochs from 0 again.
    const isSame = metadata.topicId === this.topicId;
    this.topicId = metadata.topicId;
    this.toldBy = toldBy;
    return this.replace(isSame ? next.map((partition) => this.newer(partition)) : next);
  }

  /**
   * A leader named by another source than metadata (KIP-951).
   * @returns whether it is news
   */
  public updateLeader(partition: number, leaderId: number, leaderEpoch: number): boolean {
    const known = this.known[partition];
    if (known === undefined || leaderId < 0 || leaderEpoch <= known.leaderEpoch) return false;
    return this.replace(this.known.map((entry) => (entry === known ? { ...known, leaderId, leaderEpoch } : entry)));
  }

  public get partitionInfos(): readonly PartitionInfo[] {
    this.infos ??= this.known.map((partition) => ({
      topic: this.name,
      partition: partition.partition,
      leader: partition.leaderId < 0 ? null : partition.leaderId,
      replicas: partition.replicas,
      inSyncReplicas: partition.isr,
      offlineReplicas: partition.offlineReplicas,
    }));
    return this.infos;
  }

  /** A broker that lags behind must not take the client back to an older leader. */
  private newer(partition: PartitionMetadata): PartitionMetadata {
    const known = this.known[partition.partition];
    return known !== undefined && partition.leaderEpoch >= 0 && partition.leaderEpoch < known.leaderEpoch
      ? known
      : partition;
  }

  private replace(next: readonly PartitionMetadata[]): boolean {
    const hasChanged =
      next.length !== this.known.length || next.some((entry, index) => entry.leaderId !== this.known[index]?.leaderId);
    this.known = next;
    this.infos = null;
    this.availablePartitionNumbers = next.filter((entry) => entry.leaderId >= 0).map((entry) => entry.partition);
    return hasChanged;
  }
}
