import { INT_MAX } from '../../producer/option-rules.js';
import type { LogSink } from '../../wire/log-sink.js';
import type { FailedRecord } from './recovery-policy.js';
import { DEFAULT_BACKOFF, type ExponentialBackoff, type RecoverySettings } from './recovery-settings.js';

/** How long to wait before the next attempt. */
export class RetryDelay {
  public constructor(
    private readonly backoff: RecoverySettings['backoff'],
    private readonly log: LogSink,
    private readonly random: () => number = Math.random,
  ) {}

  /** @returns milliseconds that a timer can wait. Never throws. */
  public of(failed: FailedRecord): number {
    const { backoff } = this;
    if (typeof backoff !== 'function') return this.exponential(backoff, failed.attempts);
    try {
      const ms: unknown = backoff(failed.attempts, failed.error, failed.record);
      if (typeof ms === 'number' && ms >= 0) return Math.min(ms, INT_MAX);
      this.log.error(
        `recovery.backoff of ${failed.listenerId} must return a number of milliseconds, 0 or more. The default pause is taken.`,
      );
    } catch {
      this.log.error(`recovery.backoff of ${failed.listenerId} has thrown. The default pause is taken.`);
    }
    return this.exponential(DEFAULT_BACKOFF, failed.attempts);
  }

  private exponential({ initialMs, jitter, maxMs, multiplier }: ExponentialBackoff, attempt: number): number {
    // Not infinite: nothing times infinity is no number.
    const factor = Math.min(multiplier ** (attempt - 1), Number.MAX_VALUE);
    const ms = Math.min(initialMs * factor, maxMs);
    return Math.min(Math.round(ms * (1 - jitter + 2 * jitter * this.random())), maxMs);
  }
}
