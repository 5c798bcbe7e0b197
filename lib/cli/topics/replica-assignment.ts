import { InvalidArgumentError } from 'commander';
import type { ReplicaAssignment } from '../../wire/protocol/create-topics.js';

const SYNTAX = 'Give the brokers of each partition, parted by colons, partitions by commas: 1:2,2:3,3:1.';

/** Reads kafka-topics's `--replica-assignment`: the first broker of a partition leads it, and all have the same number of replicas. */
export function replicaAssignment(text: string): ReplicaAssignment[] {
  const partitions = text.split(',').map((brokers) => brokers.split(':').map((id) => id.trim()));
  const isNumeric = partitions.every((brokers) => brokers.every((id) => /^\d{1,9}$/.test(id)));
  const isDistinct = partitions.every((brokers) => new Set(brokers).size === brokers.length);
  if (!isNumeric || !isDistinct || new Set(partitions.map(({ length }) => length)).size !== 1) {
    throw new InvalidArgumentError(SYNTAX);
  }
  return partitions.map((brokers, partition) => ({ partition, brokerIds: brokers.map(Number) }));
}
