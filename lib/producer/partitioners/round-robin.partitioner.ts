import { Injectable } from '@nestjs/common';
import { toPositive } from './murmur2.js';
import type { PartitionContext, Partitioner } from './partitioner.js';

/**
 * Ignores keys. Each record of a topic goes to the next partition that has a leader (Kafka's `RoundRobinPartitioner`,
 * without its uneven spread of KAFKA-9965: here a record is placed exactly once).
 */
@Injectable()
export class RoundRobinPartitioner implements Partitioner {
  private readonly counters = new Map<string, number>();

  public partition({ topic, cluster }: PartitionContext): number {
    const turn = this.counters.get(topic) ?? 0;
    this.counters.set(topic, toPositive(turn + 1));
    const available = cluster.availablePartitions(topic);
    if (available.length === 0) return turn % cluster.partitionCount(topic);
    return available[turn % available.length]?.partition ?? -1;
  }
}
