import type { AssignedPartition, ConsumerEngineApi, OffsetToCommit } from '../../consumer/consumer-engine-api.js';
import { RebalanceInProgressError } from '../../consumer/internals/offsets/offset-errors.js';
import { CommitFailedError } from '../../wire/commit-failed-error.js';
import type { LogSink } from '../../wire/log-sink.js';
import { messageOf } from '../../wire/message-of.js';

const COMMIT_TIMEOUT_MS = 10_000;

/** The offsets up to which records were printed, and their commits: one at a time, and never of a partition that was given away. */
export class PrintedOffsets {
  private readonly uncommitted = new Map<AssignedPartition, OffsetToCommit>();
  private committing: Promise<void> | null = null;

  public constructor(
    private readonly engine: Pick<ConsumerEngineApi, 'commit'>,
    private readonly log: LogSink,
  ) {}

  public note(offset: OffsetToCommit): void {
    this.uncommitted.set(offset.partition, offset);
  }

  public forget(partitions: readonly AssignedPartition[]): void {
    for (const partition of partitions) this.uncommitted.delete(partition);
  }

  /**
   * Commits everything that was noted. What the group has moved on without this member is left to the others, with a warning.
   * @throws (as a rejection) what else makes a commit fail
   */
  public async commit(): Promise<void> {
    // Another one under way has told of its failure where it was called for.
    await this.committing?.catch(() => undefined);
    await this.run();
  }

  /** Commits without being waited for, unless a commit is under way: the next one has these, too. */
  public commitSoon(): void {
    if (this.committing !== null) return;
    this.run().catch((error: unknown) => this.log.warn(`A commit has failed, and is tried again: ${messageOf(error)}`));
  }

  private run(): Promise<void> {
    const committing = this.commitOnce().finally(() => {
      if (this.committing === committing) this.committing = null;
    });
    this.committing = committing;
    return committing;
  }

  private async commitOnce(): Promise<void> {
    const offsets = [...this.uncommitted.values()].filter(({ partition }) => partition.isAssigned);
    this.uncommitted.clear();
    if (offsets.length === 0) return;
    try {
      await this.engine.commit(offsets, Date.now() + COMMIT_TIMEOUT_MS);
    } catch (error) {
      if (error instanceof CommitFailedError) {
        this.log.warn(`${error.message} Other members print these records again.`);
        return;
      }
      for (const offset of offsets) if (!this.uncommitted.has(offset.partition)) this.note(offset);
      // They are committed before the partitions are given away.
      if (error instanceof RebalanceInProgressError) return;
      throw error;
    }
  }
}
