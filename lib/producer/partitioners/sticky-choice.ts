import type { ClusterView } from './partitioner.js';

/** Narrows the partitions a sticky choice may fall on, e.g. to those that no key has reserved. */
export type StickyCandidates = (topic: string, cluster: ClusterView) => readonly number[];

const availableOrAll: StickyCandidates = (topic, cluster) => {
  const available = cluster.availablePartitions(topic);
  return (available.length > 0 ? available : cluster.partitions(topic)).map((info) => info.partition);
};

/**
 * One partition per topic that keyless records stay on until it has opened a new batch, so that batches fill
 * (KIP-480, `StickyPartitionCache`).
 */
export class StickyChoice {
  private readonly current = new Map<string, number>();

  public constructor(private readonly candidates: StickyCandidates = availableOrAll) {}

  /** The topic's partition of the moment; -1 when there is none to choose. */
  public choose(topic: string, cluster: ClusterView): number {
    const partition = this.current.get(topic);
    // A topic that was deleted and made again may have fewer partitions than the choice remembers.
    if (partition !== undefined && partition < cluster.partitionCount(topic)) return partition;
    return this.move(topic, cluster, -1);
  }

  /** Moves on, unless the new batch was opened elsewhere, by a keyed record. */
  public onNewBatch(topic: string, cluster: ClusterView, previousPartition: number): void {
    if (this.current.get(topic) === previousPartition) this.move(topic, cluster, previousPartition);
  }

  private move(topic: string, cluster: ClusterView, previousPartition: number): number {
    const candidates = this.candidates(topic, cluster);
    const others = candidates.filter((partition) => partition !== previousPartition);
    const from = others.length > 0 ? others : candidates;
    const partition = from[Math.floor(Math.random() * from.length)];
    if (partition === undefined) return -1;
    this.current.set(topic, partition);
    return partition;
  }
}
