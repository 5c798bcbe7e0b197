import { crc32 } from 'node:zlib';
import { Injectable } from '@nestjs/common';
import type { ClusterView, PartitionContext, Partitioner } from './partitioner.js';
import { StickyChoice } from './sticky-choice.js';

/**
 * The default of librdkafka and of the clients built on it (`consistent_random`; C, C++, Python, Go, .NET, PHP ...): a key's
 * partition is its unsigned CRC-32 mod the number of partitions. For fleets in which both kinds of client write to one topic and
 * each key must stay in one partition.
 *
 * As there, an **empty key counts as no key**. Records without a key stay on a random partition with a leader until it has
 * opened a new batch; librdkafka does so for a stretch of time (`sticky.partitioning.linger.ms`).
 */
@Injectable()
export class Crc32Partitioner implements Partitioner {
  private readonly sticky = new StickyChoice();

  public partition({ topic, keyBytes, cluster }: PartitionContext): number {
    if (keyBytes === null || keyBytes.length === 0) return this.sticky.choose(topic, cluster);
    return crc32(keyBytes) % cluster.partitionCount(topic);
  }

  public onNewBatch(topic: string, cluster: ClusterView, previousPartition: number): void {
    this.sticky.onNewBatch(topic, cluster, previousPartition);
  }
}
