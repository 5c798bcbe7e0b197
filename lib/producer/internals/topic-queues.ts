import { BuiltInPartitioner, type StickyTopic } from './built-in-partitioner.js';
import type { ClusterTopic } from './cluster-topic.js';
import { PartitionQueue } from './partition-queue.js';

export interface TopicQueuesOptions {
  readonly stickyBytes: number;
  readonly adaptive: boolean;
  /** `partitioner.availability.timeout.ms`; 0 = off. */
  readonly availabilityTimeoutMs: number;
  /** Since when a broker's data has waited without being taken, by node id. */
  readonly waitingSince: ReadonlyMap<number, number>;
  /** The queues of the same topic before it was forgotten and found again. */
  readonly known?: TopicQueues | undefined;
}

/** The queues of one topic's partitions, and the sticky choice among them. */
export class TopicQueues implements StickyTopic {
  private readonly queues: (PartitionQueue | undefined)[];
  private readonly partitioner: BuiltInPartitioner;
  private readonly isTailFull = (partition: number): boolean => this.queues[partition]?.tail?.isFull ?? true;

  public constructor(
    public readonly topic: ClusterTopic,
    private readonly options: TopicQueuesOptions,
  ) {
    this.queues = options.known?.queues ?? [];
    this.partitioner = new BuiltInPartitioner(this, options);
  }

  public get partitionCount(): number {
    return this.topic.partitionCount;
  }

  public get available(): readonly number[] {
    return this.topic.available;
  }

  public queue(partition: number): PartitionQueue {
    let queue = this.queues[partition];
    if (queue === undefined) {
      queue = new PartitionQueue(this.topic.name, partition);
      this.queues[partition] = queue;
    }
    return queue;
  }

  public stickyPartition(): number {
    return this.partitioner.partition(this.isTailFull);
  }

  public stickyAppended(bytes: number, tailIsFull: boolean): void {
    this.partitioner.appended(bytes, tailIsFull);
  }

  public queueLength(partition: number): number | undefined {
    return this.queues[partition]?.waiting.length;
  }

  public isResponsive(partition: number): boolean {
    const { availabilityTimeoutMs, waitingSince } = this.options;
    if (availabilityTimeoutMs <= 0) return true;
    const since = waitingSince.get(this.topic.leaderOf(partition));
    return since === undefined || Date.now() - since <= availabilityTimeoutMs;
  }
}
