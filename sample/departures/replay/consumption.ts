import { Injectable } from '@nestjs/common';
import { KafkaListenerRegistry, type RecordMetadata } from 'nestjs-kafka-producer';
import { setTimeout as delay } from 'node:timers/promises';
import { Groups, Topics } from '../names.js';

/** So long without progress means that nothing more is to be expected. */
const STANDSTILL_MS = 20_000;
const LOOK_EVERY_MS = 20;

/** Knows how far the consumer groups have come with the departures. */
@Injectable()
export class Consumption {
  public constructor(private readonly registry: KafkaListenerRegistry) {}

  /** Waits until all groups are done with these records; no longer than they make progress. */
  public async catchUp(records: readonly RecordMetadata[], signal: AbortSignal): Promise<void> {
    const ends = endsOf(records);
    const all = Object.keys(Groups).length * [...ends.values()].reduce((sum, end) => sum + end, 0);
    let before = -1;
    let movedAt = performance.now();
    while (!signal.aborted && !this.hasFailed()) {
      const done = this.done(ends);
      if (done !== before) movedAt = performance.now();
      if (done === all || performance.now() - movedAt > STANDSTILL_MS) return;
      before = done;
      await delay(LOOK_EVERY_MS);
    }
  }

  /** How many offsets below the ends are done, over all groups. */
  private done(ends: ReadonlyMap<number, number>): number {
    const partitions = this.registry.status().listeners.flatMap((listener) => listener.partitions);
    return partitions
      .filter(({ topic }) => topic === Topics.departures)
      .map(({ partition, watermark }) => Math.min(Number(watermark ?? 0), ends.get(partition) ?? 0))
      .reduce((sum, offset) => sum + offset, 0);
  }

  private hasFailed(): boolean {
    return this.registry.status().listeners.some(({ state }) => state === 'failed');
  }
}

/** The offset behind the last record, by partition. */
function endsOf(records: readonly RecordMetadata[]): Map<number, number> {
  const ends = new Map<number, number>();
  for (const { offset, partition } of records) {
    ends.set(partition, Math.max(ends.get(partition) ?? 0, Number(offset) + 1));
  }
  return ends;
}
