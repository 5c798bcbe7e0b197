import type { PartitionQueue } from '../partition-queue.js';

/** The partitions of one transaction, by what the coordinator knows of them. */
export class TransactionPartitions {
  private readonly wanted = new Set<PartitionQueue>();
  private readonly asked = new Set<PartitionQueue>();
  private readonly added = new Set<PartitionQueue>();

  public has(queue: PartitionQueue): boolean {
    return this.added.has(queue);
  }

  /** @returns whether the coordinator has to be told of it, and nobody has seen to that yet */
  public want(queue: PartitionQueue): boolean {
    if (this.added.has(queue) || this.asked.has(queue) || this.wanted.has(queue)) return false;
    this.wanted.add(queue);
    return true;
  }

  /** Those that the coordinator has to be told of now. */
  public takeWanted(): PartitionQueue[] {
    const partitions = [...this.wanted];
    this.wanted.clear();
    for (const queue of partitions) this.asked.add(queue);
    return partitions;
  }

  /** The coordinator knows of it, or will learn from the broker that gets the batch. */
  public add(queue: PartitionQueue): void {
    this.asked.delete(queue);
    this.added.add(queue);
  }
}
