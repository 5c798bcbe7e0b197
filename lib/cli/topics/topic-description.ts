import type { PartitionMetadata, TopicMetadata } from '../../wire/cluster-metadata.js';
import type { TopicConfigs } from './topic-configs.js';

/** What an operator should look at, in kafka-topics's words. */
export type PartitionFlag = 'unavailable' | 'under-replicated' | 'under-min-isr' | 'at-min-isr';

/** One partition as `topics describe` tells it. */
export interface DescribedPartition {
  readonly partition: number;
  /** null without a leader. */
  readonly leader: number | null;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly offlineReplicas: readonly number[];
  readonly flags: readonly PartitionFlag[];
}

/** One topic as `topics describe` tells it. */
export interface DescribedTopic {
  readonly topic: string;
  /** As Kafka's tools write it; null before Kafka 2.8. */
  readonly topicId: string | null;
  readonly internal: boolean;
  readonly partitionCount: number;
  readonly replicationFactor: number;
  /** null where it may not be seen. */
  readonly minInsyncReplicas: number | null;
  /** What is set for this topic alone. */
  readonly configs: Readonly<Record<string, string>>;
  readonly partitions: readonly DescribedPartition[];
  /** What a broker's failure could cost. */
  readonly warnings: readonly string[];
}

/** @param configs undefined where they may not be seen */
export function describeTopic(topic: TopicMetadata, configs: TopicConfigs | undefined): DescribedTopic {
  const minInsyncReplicas = configs?.minInsyncReplicas ?? null;
  const partitions = topic.partitions
    .map((partition) => describePartition(partition, minInsyncReplicas))
    .sort((left, right) => left.partition - right.partition);
  const replicationFactor = Math.max(0, ...partitions.map(({ replicas }) => replicas.length));
  return {
    topic: topic.name,
    topicId: topic.topicId === null ? null : Buffer.from(topic.topicId, 'hex').toString('base64url'),
    internal: topic.isInternal,
    partitionCount: partitions.length,
    replicationFactor,
    minInsyncReplicas,
    configs: configs?.overrides ?? {},
    partitions,
    warnings: warningsFor(replicationFactor, minInsyncReplicas),
  };
}

function describePartition(metadata: PartitionMetadata, minInsyncReplicas: number | null): DescribedPartition {
  const { isr, leaderId, offlineReplicas, partition, replicas } = metadata;
  const flags: PartitionFlag[] = [];
  if (leaderId < 0) flags.push('unavailable');
  if (isr.length < replicas.length) flags.push('under-replicated');
  // More than it has replicas is not asked of a partition (Kafka's `Partition.effectiveMinIsr`).
  const minimum = minInsyncReplicas === null ? 0 : Math.min(minInsyncReplicas, replicas.length);
  if (isr.length < minimum) flags.push('under-min-isr');
  if (minInsyncReplicas !== null && isr.length === minimum) flags.push('at-min-isr');
  return { partition, leader: leaderId < 0 ? null : leaderId, replicas, isr, offlineReplicas, flags };
}

function warningsFor(replicationFactor: number, minInsyncReplicas: number | null): string[] {
  const warnings: string[] = [];
  if (replicationFactor < 3) warnings.push(`replication factor ${replicationFactor} is below 3`);
  if (minInsyncReplicas !== null && minInsyncReplicas < 2) {
    warnings.push(`min.insync.replicas ${minInsyncReplicas} is below 2`);
  }
  return warnings;
}
