import type { TopicPartition } from '../consumer-engine-api.js';

/** Partitions of a topic; all of them, and those that come later, when `partitions` is left out. */
export interface PartitionSelection {
  readonly topic: string;
  readonly partitions?: readonly number[];
}

interface PausedTopic {
  readonly isPaused: boolean;
  readonly paused: Set<number>;
  /** While the topic is paused: those that are not. */
  readonly resumed: Set<number>;
}

/**
 * What handlers have paused through the consumer of their context (kafkajs's `SubscriptionState`). Two things differ: a partition that was taken away is not paused when it comes
 * back, and to pause single partitions of a topic that is paused resumes none of the others.
 */
export class HandlerPauses {
  private readonly topics = new Map<string, PausedTopic>();

  public has({ partition, topic }: TopicPartition): boolean {
    const known = this.topics.get(topic);
    if (known === undefined) return false;
    return known.paused.has(partition) || (known.isPaused && !known.resumed.has(partition));
  }

  public pause(selections: readonly PartitionSelection[]): void {
    for (const { partitions, topic } of selections) {
      if (partitions === undefined) {
        this.topics.set(topic, pausedTopic(true));
        continue;
      }
      const known = this.topics.get(topic) ?? pausedTopic(false);
      this.topics.set(topic, known);
      for (const partition of partitions) {
        known.paused.add(partition);
        known.resumed.delete(partition);
      }
    }
  }

  public resume(selections: readonly PartitionSelection[]): void {
    for (const { partitions, topic } of selections) {
      if (partitions === undefined) {
        this.topics.delete(topic);
        continue;
      }
      const known = this.topics.get(topic);
      if (known === undefined) continue;
      for (const partition of partitions) {
        known.paused.delete(partition);
        if (known.isPaused) known.resumed.add(partition);
      }
    }
  }

  /** Forgets single partitions that are not among these. */
  public keep(assigned: readonly TopicPartition[]): void {
    for (const [topic, { paused }] of this.topics) {
      const own = new Set(assigned.filter((known) => known.topic === topic).map(({ partition }) => partition));
      for (const partition of paused) if (!own.has(partition)) paused.delete(partition);
    }
  }

  public forget(isOver: (topic: string) => boolean): void {
    for (const topic of this.topics.keys()) if (isOver(topic)) this.topics.delete(topic);
  }
}

function pausedTopic(isPaused: boolean): PausedTopic {
  return { isPaused, paused: new Set(), resumed: new Set() };
}
