import type { PartitionName } from '../common/partition-offsets.js';
import { CommandError } from '../common/command-error.js';
import type { ResetTarget } from './reset-target.js';

/** What is known of a partition before its offset is reset. */
export interface PartitionState extends PartitionName {
  /** null where nothing is committed. */
  readonly committed: bigint | null;
  /** The first offset that is there. */
  readonly earliest: bigint;
  /** The high watermark. */
  readonly latest: bigint;
  /** The first record at or after the wanted time; null without such a time, or where no record is that young. */
  readonly atTime: bigint | null;
}

/** The new offset of a partition. */
export interface PlannedOffset extends PartitionName {
  readonly current: bigint | null;
  readonly next: bigint;
  /** What the user should know about this one. */
  readonly remark: string | null;
}

/**
 * Where each partition is to go on; never outside of what the log holds, as with kafka-consumer-groups.
 * @throws CommandError when a partition without a committed offset is to be shifted
 */
export function planReset(partitions: readonly PartitionState[], target: ResetTarget): PlannedOffset[] {
  return partitions.map((state) => {
    const { committed, earliest, latest, partition, topic } = state;
    const { remark, wanted } = wantedOffset(state, target);
    const next = wanted < earliest ? earliest : wanted > latest ? latest : wanted;
    return {
      topic,
      partition,
      current: committed,
      next,
      remark: next === wanted ? remark : `offset ${wanted} is outside of ${earliest} to ${latest}: ${next} is taken`,
    };
  });
}

function wantedOffset(
  { atTime, committed, earliest, latest, partition, topic }: PartitionState,
  target: ResetTarget,
): { readonly wanted: bigint; readonly remark: string | null } {
  switch (target.kind) {
    case 'earliest':
      return { wanted: earliest, remark: null };
    case 'latest':
      return { wanted: latest, remark: null };
    case 'offset':
      return { wanted: target.offset, remark: null };
    case 'current':
      if (committed !== null) return { wanted: committed, remark: null };
      return { wanted: latest, remark: 'nothing is committed: the end is taken' };
    case 'time':
      if (atTime !== null) return { wanted: atTime, remark: null };
      return { wanted: latest, remark: 'no record is that young: the end is taken' };
    case 'shift':
      if (committed !== null) return { wanted: committed + target.by, remark: null };
      throw new CommandError(
        `${topic}-${partition} cannot be shifted: the group has committed nothing there. Use --to-earliest, --to-latest or --to-offset for it.`,
        { topic, partition },
      );
  }
}
