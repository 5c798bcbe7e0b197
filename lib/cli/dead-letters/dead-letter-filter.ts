import type { DeadLetter } from './dead-letter.js';

/** Which dead letters are meant. */
export interface DeadLetterFilter {
  /** The consumer group that gave them up. */
  readonly consumerGroup?: string;
  /** The name of the error's class. */
  readonly errorClass?: string;
}

export function isMeant({ errorClass, group }: DeadLetter, filter: DeadLetterFilter): boolean {
  if (filter.consumerGroup !== undefined && group !== filter.consumerGroup) return false;
  return filter.errorClass === undefined || errorClass === filter.errorClass;
}
