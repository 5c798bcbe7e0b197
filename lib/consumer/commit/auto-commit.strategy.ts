import { Injectable, Optional } from '@nestjs/common';
import { ConfigError } from '../../producer/errors.js';
import type { CommitSession, CommitStrategy, DoneRecords, ListenerOffsets } from './commit-strategy.js';
import { checkPositiveInteger, checkStrategyOptions } from './strategy-options.js';

export interface AutoCommitOptions {
  /**
   * Milliseconds between a record being done and its commit, at most (Kafka's `auto.commit.interval.ms`). Default 5000. null: only `count` decides, and what is
   * left over waits for more records, or for the listener to stop.
   */
  readonly intervalMs?: number | null | undefined;
  /** Commits as soon as so many records are done, over all partitions of the listener. Default: only the interval decides. */
  readonly count?: number | undefined;
}

/** Kafka's default of `auto.commit.interval.ms`. */
const DEFAULT_INTERVAL_MS = 5_000;

/**
 * Commits every so often, or after so many records, without making handlers wait. Only what was handled is committed, where Kafka's own auto commit takes what was
 * fetched.
 *
 * At least once. After a crash the records are handled again that were done within the last `intervalMs` (or the last `count` of them), those that were done while
 * the last commit was on its way, and those that were done behind one that was not. A commit that fails is tried again by itself, and is logged.
 *
 * @example
 * consumer: { commitStrategy: AutoCommitStrategy }
 * consumer: { commitStrategy: new AutoCommitStrategy({ intervalMs: 1000, count: 10_000 }) }
 */
@Injectable()
export class AutoCommitStrategy implements CommitStrategy {
  private readonly intervalMs: number | null;
  private readonly count: number;

  /** @throws ConfigError */
  public constructor(@Optional() options: AutoCommitOptions = {}) {
    const strategy = AutoCommitStrategy.name;
    checkStrategyOptions(strategy, options, ['intervalMs', 'count']);
    const { count, intervalMs = DEFAULT_INTERVAL_MS } = options;
    if (intervalMs !== null) checkPositiveInteger(strategy, 'intervalMs', 'milliseconds', intervalMs);
    if (count !== undefined) checkPositiveInteger(strategy, 'count', 'records', count);
    if (intervalMs === null && count === undefined) {
      throw new ConfigError(
        `${strategy}: with intervalMs null nothing would ever be committed: set count, or an interval.`,
        'intervalMs',
        intervalMs,
        'CONFLICT',
      );
    }
    this.intervalMs = intervalMs;
    this.count = count ?? Number.POSITIVE_INFINITY;
  }

  public start(offsets: ListenerOffsets): CommitSession {
    return new AutoCommitSession(offsets, this.intervalMs, this.count);
  }
}

class AutoCommitSession implements CommitSession {
  private uncommitted = 0;
  private timer: NodeJS.Timeout | null = null;
  private hasStopped = false;

  public constructor(
    private readonly offsets: ListenerOffsets,
    private readonly intervalMs: number | null,
    private readonly count: number,
  ) {}

  public afterRecord({ count }: DoneRecords): void {
    this.uncommitted += count;
    if (this.uncommitted >= this.count) this.commit();
    else if (this.timer === null) this.startTimer();
  }

  public stop(): void {
    this.hasStopped = true;
    this.stopTimer();
  }

  private commit(): void {
    this.stopTimer();
    this.uncommitted = 0;
    this.offsets.commitAsync();
  }

  private startTimer(): void {
    if (this.intervalMs === null || this.hasStopped) return;
    this.timer = setTimeout(() => this.commit(), this.intervalMs);
    this.timer.unref();
  }

  private stopTimer(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }
}
