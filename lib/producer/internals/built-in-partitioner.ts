/** What the accumulator knows of one topic's partitions when a sticky choice is made. */
export interface StickyTopic {
  readonly partitionCount: number;
  /** Partition numbers that have a leader. */
  readonly available: readonly number[];
  /** Batches that wait, by partition number; undefined where a partition never had any. */
  queueLength(partition: number): number | undefined;
  /** Whether the partition's leader has been taking data (KIP-794, `partitioner.availability.timeout.ms`). */
  isResponsive(partition: number): boolean;
}

export interface BuiltInPartitionerOptions {
  /** `batch.size`: bytes after which the choice moves on. */
  readonly stickyBytes: number;
  /** `partitioner.adaptive.partitioning.enable` */
  readonly adaptive: boolean;
}

/**
 * Spreads records without a key: sticks to one partition for about `batch.size` bytes, then picks the next at random, preferring
 * partitions whose queues are short (KIP-794, Kafka's `BuiltInPartitioner`). One per topic.
 */
export class BuiltInPartitioner {
  private current = -1;
  private producedBytes = 0;

  public constructor(
    private readonly topic: StickyTopic,
    private readonly options: BuiltInPartitionerOptions,
    private readonly random: () => number = Math.random,
  ) {}

  /**
   * The partition for the next record.
   * @param isTailFull whether the last batch of a partition takes no more records; a change before that would send it half full
   */
  public partition(isTailFull: (partition: number) => boolean): number {
    if (this.current < 0 || this.current >= this.topic.partitionCount) this.move();
    else if (this.producedBytes >= this.options.stickyBytes && isTailFull(this.current)) this.move();
    return this.current;
  }

  /** After `bytes` were appended to the partition last chosen. */
  public appended(bytes: number, tailIsFull: boolean): void {
    this.producedBytes += bytes;
    const { stickyBytes } = this.options;
    if ((this.producedBytes >= stickyBytes && tailIsFull) || this.producedBytes >= stickyBytes * 2) this.move();
  }

  private move(): void {
    this.producedBytes = 0;
    this.current = this.weighted() ?? this.uniform();
  }

  private uniform(): number {
    const { available, partitionCount } = this.topic;
    if (available.length === 0) return Math.floor(this.random() * partitionCount);
    return available[Math.floor(this.random() * available.length)] ?? 0;
  }

  /** Weight of a partition: longest queue + 1 - its own queue. Null when queues say nothing: uniform then. */
  private weighted(): number | null {
    const { topic, options } = this;
    if (!options.adaptive || topic.available.length < 2) return null;
    const candidates: number[] = [];
    const lengths: number[] = [];
    let longest = 0;
    for (const partition of topic.available) {
      const length = topic.queueLength(partition);
      if (length === undefined) return null;
      if (!topic.isResponsive(partition)) continue;
      candidates.push(partition);
      lengths.push(length);
      longest = Math.max(longest, length);
    }
    const allEqual = lengths.every((length) => length === longest);
    if (candidates.length === 0 || (allEqual && candidates.length === topic.available.length)) return null;
    let total = 0;
    const cumulative = lengths.map((length) => (total += longest + 1 - length));
    const draw = this.random() * total;
    return candidates[cumulative.findIndex((sum) => draw < sum)] ?? null;
  }
}
