import { ConfigError } from '../../producer/errors.js';
import type { ClusterView } from '../../producer/partitioners/partitioner.js';
import type { PartitionInfo } from '../../producer/record.js';

const NODE = 1;

/** A cluster of one node that has every topic one asks for. */
export class RecordingCluster implements ClusterView {
  /**
   * @param counts how many partitions all topics have, or some; the others have one
   * @throws ConfigError
   */
  public constructor(private readonly counts: number | Readonly<Record<string, number>>) {
    for (const count of typeof counts === 'number' ? [counts] : Object.values(counts)) {
      if (Number.isInteger(count) && count >= 1) continue;
      throw new ConfigError(
        `partitions: a topic has a whole number of partitions from 1, not ${count}.`,
        'partitions',
        count,
        'RANGE',
      );
    }
  }

  public partitionCount(topic: string): number {
    if (typeof this.counts === 'number') return this.counts;
    return Object.hasOwn(this.counts, topic) ? (this.counts[topic] ?? 1) : 1;
  }

  public partitions(topic: string): readonly PartitionInfo[] {
    return Array.from({ length: this.partitionCount(topic) }, (_, partition) => ({
      topic,
      partition,
      leader: NODE,
      replicas: [NODE],
      inSyncReplicas: [NODE],
      offlineReplicas: [],
    }));
  }

  public availablePartitions(topic: string): readonly PartitionInfo[] {
    return this.partitions(topic);
  }
}
