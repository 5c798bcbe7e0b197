import { UsageError } from '../common/usage-error.js';

/** Where a group is to go on. */
export type ResetTarget =
  | { readonly kind: 'earliest' | 'latest' | 'current' }
  | { readonly kind: 'offset'; readonly offset: bigint }
  | { readonly kind: 'shift'; readonly by: bigint }
  /** Milliseconds since the epoch. */
  | { readonly kind: 'time'; readonly timestamp: number };

/** The options that name a target, as commander hands them over. */
export interface ResetTargetOptions {
  readonly toEarliest?: boolean;
  readonly toLatest?: boolean;
  readonly toCurrent?: boolean;
  readonly toOffset?: bigint;
  readonly shiftBy?: number;
  readonly toDatetime?: number;
  /** Milliseconds before now. */
  readonly byDuration?: number;
}

const CHOICES = '--to-earliest, --to-latest, --to-current, --to-offset, --shift-by, --to-datetime, --by-duration';

/** @throws UsageError unless exactly one target is named */
export function resetTarget(options: ResetTargetOptions, now: number): ResetTarget {
  const targets: ResetTarget[] = [];
  if (options.toEarliest === true) targets.push({ kind: 'earliest' });
  if (options.toLatest === true) targets.push({ kind: 'latest' });
  if (options.toCurrent === true) targets.push({ kind: 'current' });
  if (options.toOffset !== undefined) targets.push({ kind: 'offset', offset: options.toOffset });
  if (options.shiftBy !== undefined) targets.push({ kind: 'shift', by: BigInt(options.shiftBy) });
  if (options.toDatetime !== undefined) targets.push({ kind: 'time', timestamp: options.toDatetime });
  if (options.byDuration !== undefined) targets.push({ kind: 'time', timestamp: now - options.byDuration });
  const [target] = targets;
  if (target === undefined) throw new UsageError(`Say where to: one of ${CHOICES}.`);
  if (targets.length > 1) throw new UsageError(`Give one target only: one of ${CHOICES}.`);
  return target;
}
