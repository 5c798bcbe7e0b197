import { Injectable } from '@nestjs/common';
import type { ClusterView, PartitionContext, Partitioner } from './partitioner.js';
import { StickyChoice } from './sticky-choice.js';

/**
 * Ignores keys. All records of a topic go to one partition until it has opened a new batch, then to another with a leader,
 * chosen at random (KIP-480, Kafka's former `UniformStickyPartitioner`).
 */
@Injectable()
export class UniformStickyPartitioner implements Partitioner {
  private readonly sticky = new StickyChoice();

  public partition(context: PartitionContext): number {
    return this.sticky.choose(context.topic, context.cluster);
  }

  public onNewBatch(topic: string, cluster: ClusterView, previousPartition: number): void {
    this.sticky.onNewBatch(topic, cluster, previousPartition);
  }
}
