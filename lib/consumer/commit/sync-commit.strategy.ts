import { Injectable, Optional } from '@nestjs/common';
import type { CommitSession, CommitStrategy, ListenerOffsets } from './commit-strategy.js';
import { checkCommitUnit, checkStrategyOptions, type CommitUnit } from './strategy-options.js';

export interface SyncCommitOptions {
  /** `batch` (default): once the records are done that were fetched together. `record`: after each record; with a batch handler after each of its batches. */
  readonly per?: CommitUnit | undefined;
}

/**
 * Commits and waits: the next record of the partition (of the key, with `unit: 'key'`) is not handled before the commit has succeeded. Retriable errors are retried
 * for `defaultApiTimeoutMs`; a commit that fails stops the listener.
 *
 * At least once, with the fewest repetitions. After a crash, per partition: with `record` the one record whose handler or commit was under way; with `batch` at most
 * those that were fetched together. With `unit: 'key'` also those that were done behind one that was not.
 *
 * @example
 * consumer: { commitStrategy: new SyncCommitStrategy({ per: 'record' }) }
 */
@Injectable()
export class SyncCommitStrategy implements CommitStrategy {
  private readonly per: CommitUnit;

  /** @throws ConfigError */
  public constructor(@Optional() options: SyncCommitOptions = {}) {
    checkStrategyOptions(SyncCommitStrategy.name, options, ['per']);
    const { per = 'batch' } = options;
    checkCommitUnit(SyncCommitStrategy.name, per);
    this.per = per;
  }

  public start(offsets: ListenerOffsets): CommitSession {
    const commit = (): Promise<void> => offsets.commitSync();
    return this.per === 'record' ? { afterRecord: commit } : { afterBatch: commit };
  }
}
