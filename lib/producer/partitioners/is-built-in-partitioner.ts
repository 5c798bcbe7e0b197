import { DefaultPartitioner } from './default.partitioner.js';

/** Whether a `partitioner` option leaves the choice to the engine: none, or `DefaultPartitioner` itself (not a class that extends it). */
export function isBuiltInPartitioner(partitioner: unknown): boolean {
  if (partitioner === undefined || partitioner === null || partitioner === DefaultPartitioner) return true;
  return typeof partitioner === 'object' && partitioner.constructor === DefaultPartitioner;
}
