import type { PartitionInfo } from '../record.js';

/** What a partitioner may know of the cluster (Kafka's `Cluster`). */
export interface ClusterView {
  /** 0 for a topic that is not known. */
  partitionCount(topic: string): number;
  /** By partition number. */
  partitions(topic: string): readonly PartitionInfo[];
  /** Only those that have a leader now. */
  availablePartitions(topic: string): readonly PartitionInfo[];
}

/** One record, before it has a partition. */
export interface PartitionContext {
  readonly topic: string;
  /** As given to `send`. */
  readonly key: unknown;
  /** As serialized; null without a key. */
  readonly keyBytes: Buffer | null;
  /** As given to `send`. */
  readonly value: unknown;
  readonly cluster: ClusterView;
}

/**
 * Chooses the partition of a record that has no explicit one. Called exactly once per record, never again on a retry
 * (Kafka's `Partitioner`; KAFKA-9965 is what happens otherwise).
 */
export interface Partitioner {
  /**
   * @returns a partition number from 0 to `cluster.partitionCount(topic) - 1`; anything else fails the record with
   * `InvalidPartitionError`.
   */
  partition(context: PartitionContext): number;
  /** After a record placed by `partition` has opened a new batch: the moment to move a sticky choice (KIP-480). */
  onNewBatch?(topic: string, cluster: ClusterView, previousPartition: number): void;
  /** Called once, when the producer has closed. */
  close?(): void;
}
