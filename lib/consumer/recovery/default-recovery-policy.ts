import { ConfigError } from '../../producer/errors.js';
import type { LogSink } from '../../wire/log-sink.js';
import type { DeadLetterPublisher } from './dead-letter-publisher.js';
import { ErrorClassification } from './error-classification.js';
import type { FailedRecord, RecoveryDecision, RecoveryPolicy } from './recovery-policy.js';
import type { RecoverySettings } from './recovery-settings.js';
import { RetryDelay } from './retry-delay.js';

export interface DefaultRecoveryPolicyDependencies {
  readonly settings: RecoverySettings;
  /** null: what is given up stops the listener. */
  readonly publisher: DeadLetterPublisher | null;
  readonly log: LogSink;
  readonly random?: (() => number) | undefined;
}

/** Attempts with back-off, then the dead-letter topic or a stop, by `RecoveryOptions`. */
export class DefaultRecoveryPolicy implements RecoveryPolicy {
  private readonly classification: ErrorClassification;
  private readonly delay: RetryDelay;

  public constructor(private readonly dependencies: DefaultRecoveryPolicyDependencies) {
    const { log, random, settings } = dependencies;
    this.classification = new ErrorClassification(settings, log);
    this.delay = new RetryDelay(settings.backoff, log, random);
  }

  /** Never throws: what a function of the user's throws is logged. */
  public decide(failed: FailedRecord): RecoveryDecision {
    const { publisher, settings } = this.dependencies;
    if (this.classification.isConfiguration(failed.error)) return { action: 'stop' };
    if (failed.attempts < settings.attempts && this.classification.isRetryable(failed.error)) {
      return { action: 'retry', delayMs: this.delay.of(failed) };
    }
    return publisher === null || publisher.wouldLoop(failed) ? { action: 'stop' } : { action: 'dead-letter' };
  }

  public async deadLetter(failed: FailedRecord): Promise<void> {
    const { publisher } = this.dependencies;
    if (publisher !== null) return publisher.publish(failed);
    throw new ConfigError(
      `The listener ${failed.listenerId} has no dead-letter topic. Set recovery: { deadLetter: true }.`,
      'recovery.deadLetter',
      undefined,
      'DEAD_LETTER',
    );
  }
}
