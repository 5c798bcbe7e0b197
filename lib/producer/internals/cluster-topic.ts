import type { PartitionMetadata, TopicMetadata } from '../../wire/cluster-metadata.js';
import type { PartitionInfo } from '../record.js';

/** A topic as the latest metadata shows it; one object per topic for the life of the producer. */
export class ClusterTopic {
  /** By partition number. */
  private known: readonly PartitionMetadata[] = [];
  private availablePartitionNumbers: readonly number[] = [];
  private infos: readonly PartitionInfo[] | null = null;
  private topicId: string | null = null;
  /** Last time a record was sent to it. */
  public usedAt: number;

  public constructor(
    public readonly name: string,
    now: number,
  ) {
    this.usedAt = now;
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

  /** @returns whether a leader has changed */
  public update(metadata: TopicMetadata): boolean {
    const next = [...metadata.partitions].sort((left, right) => left.partition - right.partition);
    const isContiguous = next.every((partition, index) => partition.partition === index);
    if (!isContiguous) return false;
    // A topic that was created again counts its leader epochs from 0 again.
    const isSame = metadata.topicId === this.topicId;
    this.topicId = metadata.topicId;
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
