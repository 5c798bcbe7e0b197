import { readFileSync } from 'node:fs';
import type { KafkaClusterView } from '../../lib/testing/kafka-cluster-view.js';
import { STRATEGIES, type StrategyName } from './consumer-task.js';

/** What a strategy's listeners have handled. */
export interface Consumption {
  readonly handled: number;
  /** Handled more than once. */
  readonly duplicates: number;
  /** Produced and not handled, as `partition-offset`. */
  readonly missing: readonly string[];
}

export interface ConsumptionCheckOptions {
  readonly view: KafkaClusterView;
  readonly files: readonly string[];
  readonly topic: string;
  readonly group: string;
}

/** Looks at what all processes have noted, and at what their groups have committed. */
export class ConsumptionCheck {
  /** Committed offsets above the first record that was not handled then. */
  public readonly violations: string[] = [];

  public constructor(private readonly options: ConsumptionCheckOptions) {}

  /** @param ends of the partitions, by number */
  public consumption(strategy: StrategyName, ends: readonly number[]): Consumption {
    const counts = this.counts(strategy);
    const missing: string[] = [];
    let handled = 0;
    let duplicates = 0;
    ends.forEach((end, partition) => {
      for (let offset = 0; offset < end; offset++) {
        const count = counts.get(partition)?.get(offset) ?? 0;
        if (count === 0) missing.push(`${partition}-${offset}`);
        handled += count;
        duplicates += Math.max(0, count - 1);
      }
    });
    return { handled, duplicates, missing };
  }

  /** How many records are not handled yet. */
  public open(ends: readonly number[]): number {
    return STRATEGIES.reduce((total, strategy) => total + this.consumption(strategy, ends).missing.length, 0);
  }

  /** The committed offset is asked for first: what it covers must have been noted before it was committed. */
  public async checkCommits(): Promise<void> {
    const { group, topic, view } = this.options;
    for (const strategy of STRATEGIES) {
      const committed = await view.committedOffsets(`${group}-${strategy}`, topic);
      const counts = this.counts(strategy);
      for (const { offset, partition } of committed) {
        const handled = counts.get(partition);
        let first = 0;
        while (handled?.has(first)) first++;
        if (Number(offset) > first) {
          this.violations.push(`${strategy}: ${offset} committed of partition ${partition}, ${first} not handled`);
        }
      }
    }
  }

  /** By partition and offset. */
  private counts(strategy: StrategyName): Map<number, Map<number, number>> {
    const counts = new Map<number, Map<number, number>>();
    for (const line of this.options.files.flatMap((file) => readFileSync(file, 'utf8').split('\n'))) {
      const [name, partition, offset] = line.split(' ');
      if (name !== strategy || offset === undefined) continue;
      let offsets = counts.get(Number(partition));
      if (offsets === undefined) {
        offsets = new Map();
        counts.set(Number(partition), offsets);
      }
      offsets.set(Number(offset), (offsets.get(Number(offset)) ?? 0) + 1);
    }
    return counts;
  }
}
