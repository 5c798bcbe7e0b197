import { Injectable } from '@nestjs/common';
import { murmur2, toPositive } from './murmur2.js';
import type { ClusterView, PartitionContext, Partitioner } from './partitioner.js';
import { StickyChoice } from './sticky-choice.js';

/**
 * The name of the built-in partitioner: a key's partition is `murmur2(key) mod partitions`, as in Kafka's own client;
 * records without a key stay on one partition for about a batch, and prefer brokers with shorter queues (KIP-794).
 * An empty key is a key.
 *
 * Naming it is the same as naming none: the engine then decides by itself, with the state of its queues at hand.
 * A class that extends it is a partitioner of its own, and gets by `super.partition(context)` the same partitions for keys,
 * and for the rest a uniform sticky choice (KIP-480), which does not look at queues.
 */
@Injectable()
export class DefaultPartitioner implements Partitioner {
  private readonly sticky = new StickyChoice();

  public partition(context: PartitionContext): number {
    const { topic, keyBytes, cluster } = context;
    if (keyBytes === null) return this.sticky.choose(topic, cluster);
    return toPositive(murmur2(keyBytes)) % cluster.partitionCount(topic);
  }

  public onNewBatch(topic: string, cluster: ClusterView, previousPartition: number): void {
    this.sticky.onNewBatch(topic, cluster, previousPartition);
  }
}
