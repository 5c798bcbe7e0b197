import type { OffsetToCommit } from '../consumer-engine-api.js';
import type { CommitCallback, CommittedOffset } from './commit-strategy.js';

/** Somebody who has asked for a commit and wants to know how it has ended. */
export interface CommitRequest {
  /** Until when it may be tried again, in milliseconds since the epoch; null: one attempt, then it is told. */
  readonly deadline: number | null;
  /** @param groupHasMovedOn the error is only that the partitions belong to others by now */
  settle(error: Error | null, offsets: readonly OffsetToCommit[], groupHasMovedOn: boolean): void;
}

/** One who waits. That partitions are no longer ours is no failure. */
export function awaitedCommit(deadline: number, resolve: () => void, reject: (error: Error) => void): CommitRequest {
  return {
    deadline,
    settle: (error, _offsets, groupHasMovedOn) => {
      if (error === null || groupHasMovedOn) resolve();
      else reject(error);
    },
  };
}

/** One who goes on and is called back. */
export function commitWithCallback(callback: CommitCallback, onThrown: (error: unknown) => void): CommitRequest {
  const call = async (error: Error | null, offsets: readonly CommittedOffset[]): Promise<void> => {
    // A callback may be an async function, whose rejection would otherwise end the process.
    await (callback(error, offsets) as unknown);
  };
  return {
    deadline: null,
    settle: (error, offsets) => {
      call(error, offsets.map(describeOffset)).catch(onThrown);
    },
  };
}

/** As it is told to users. */
export function describeOffset({ offset, partition }: OffsetToCommit): CommittedOffset {
  return { topic: partition.topic, partition: partition.partition, offset: String(offset) };
}
