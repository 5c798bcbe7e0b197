import { Injectable, Optional } from '@nestjs/common';
import { ConfigError } from '../../producer/errors.js';
import type { CommitCallback, CommitSession, CommitStrategy, ListenerOffsets } from './commit-strategy.js';
import { checkCommitUnit, checkStrategyOptions, type CommitUnit } from './strategy-options.js';

export interface AsyncCommitOptions {
  /** `batch` (default): once the records are done that were fetched together. `record`: after each record; with a batch handler after each of its batches. */
  readonly per?: CommitUnit | undefined;
  /**
   * Called once for every commit that was sent, in that order, with what was committed. With an error when it has failed, also when the group has moved on
   * (`CommitFailedError`). Without a callback failures are logged.
   */
  readonly callback?: CommitCallback | undefined;
}

/**
 * Commits without waiting (Kafka's `commitAsync`): handlers go on. One commit is in flight at a time, what is asked for meanwhile goes into the next one, and the
 * position never moves backwards: what has failed is not sent again as it was, but as it is by then. The last commit, before partitions are given away or the listener
 * stops, is awaited.
 *
 * At least once. After a crash the records are handled again that were done since the last commit was sent: about one round trip to the broker with `record`, with
 * `batch` also those that were fetched together; and those that were done behind one that was not.
 *
 * @example
 * consumer: { commitStrategy: new AsyncCommitStrategy({ callback: (error) => error && counter.add(1) }) }
 */
@Injectable()
export class AsyncCommitStrategy implements CommitStrategy {
  private readonly per: CommitUnit;
  private readonly callback: CommitCallback | undefined;

  /** @throws ConfigError */
  public constructor(@Optional() options: AsyncCommitOptions = {}) {
    checkStrategyOptions(AsyncCommitStrategy.name, options, ['per', 'callback']);
    const { callback, per = 'batch' } = options;
    checkCommitUnit(AsyncCommitStrategy.name, per);
    if (callback !== undefined && typeof callback !== 'function') {
      throw new ConfigError(
        `${AsyncCommitStrategy.name}: callback must be a function of an error and the committed offsets.`,
        'callback',
        undefined,
        'TYPE',
      );
    }
    this.per = per;
    this.callback = callback;
  }

  public start(offsets: ListenerOffsets): CommitSession {
    const { callback } = this;
    const commit = callback === undefined ? () => offsets.commitAsync() : reportingCommit(offsets, callback);
    return this.per === 'record' ? { afterRecord: commit } : { afterBatch: commit };
  }
}

/** Asks for the next commit only when the last one has ended: one call of the callback for each, and none that pile up while the broker does not answer. */
function reportingCommit(offsets: ListenerOffsets, callback: CommitCallback): () => void {
  let isUnderWay = false;
  let isWantedAgain = false;
  const ended: CommitCallback = (error, committed) => {
    isUnderWay = false;
    if (isWantedAgain) commit();
    // The first record that is not done was still the same: nothing was sent.
    if (error === null && committed.length === 0) return;
    return callback(error, committed);
  };
  const commit = (): void => {
    isWantedAgain = isUnderWay;
    if (isUnderWay) return;
    isUnderWay = true;
    offsets.commitAsync(ended);
  };
  return commit;
}
