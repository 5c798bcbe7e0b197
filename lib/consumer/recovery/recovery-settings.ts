import type { ErrorMatcher } from '../../producer/transaction.js';
import type { DeadLetterTopicFunction, RecoveryBackoffFunction } from './recovery-options.js';

/** `RecoveryBackoffOptions` with all defaults. */
export interface ExponentialBackoff {
  readonly initialMs: number;
  readonly multiplier: number;
  readonly maxMs: number;
  readonly jitter: number;
}

/** `DeadLetterOptions` with all defaults. */
export interface DeadLetterSettings {
  /** null: the record's topic and `-dlt`. */
  readonly topic: string | DeadLetterTopicFunction | null;
  /** null: the producer of the listener. */
  readonly producer: string | null;
  readonly stack: boolean;
}

/** `RecoveryOptions`, checked, with all defaults. */
export interface RecoverySettings {
  readonly attempts: number;
  readonly backoff: ExponentialBackoff | RecoveryBackoffFunction;
  readonly retryable: readonly ErrorMatcher[];
  readonly notRetryable: readonly ErrorMatcher[];
  /** null: the listener stops. */
  readonly deadLetter: DeadLetterSettings | null;
}

export const DEFAULT_BACKOFF: ExponentialBackoff = { initialMs: 500, multiplier: 2, maxMs: 30_000, jitter: 0.2 };
