import { KafkaError } from '../../../wire/kafka-error.js';
import type { PartitionAssignor } from './partition-assignor.js';
import { RangeAssignor } from './range.assignor.js';
import { RoundRobinAssignor } from './round-robin.assignor.js';
import { StickyAssignor } from './sticky.assignor.js';

const BUILT_IN: ReadonlyMap<string, () => PartitionAssignor> = new Map<string, () => PartitionAssignor>([
  ['range', () => new RangeAssignor()],
  ['roundrobin', () => new RoundRobinAssignor()],
  ['sticky', () => new StickyAssignor()],
]);

/** Names that `partition.assignment.strategy` may have here. */
export const BUILT_IN_ASSIGNORS: readonly string[] = [...BUILT_IN.keys()];

/**
 * The assignors of one member, by Kafka's names, in the same order.
 * @throws KafkaError for a name that is not known, and for none at all
 */
export function createAssignors(names: readonly string[]): PartitionAssignor[] {
  const known = BUILT_IN_ASSIGNORS.join(', ');
  if (names.length === 0) throw new KafkaError(`partitionAssignmentStrategy names no strategy; known are ${known}.`);
  return [...new Set(names)].map((name) => {
    const create = BUILT_IN.get(name);
    if (create === undefined) {
      throw new KafkaError(`partitionAssignmentStrategy names '${name}', which is not known; known are ${known}.`);
    }
    return create();
  });
}
