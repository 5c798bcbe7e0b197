import { ConfigError } from '../../producer/errors.js';
import { INT_MAX } from '../../producer/option-rules.js';
import type { ErrorMatcher } from '../../producer/transaction.js';
import { isErrorMatcher } from '../../transactions/error-matcher.js';
import type { DeadLetterOptions, RecoveryBackoffOptions, RecoveryOptions } from './recovery-options.js';
import {
  DEFAULT_BACKOFF,
  type DeadLetterSettings,
  type ExponentialBackoff,
  type RecoverySettings,
} from './recovery-settings.js';

const DEFAULT_ATTEMPTS = 10;

const RECOVERY_OPTIONS = [
  'attempts',
  'backoff',
  'retryable',
  'notRetryable',
  'deadLetter',
] satisfies (keyof RecoveryOptions)[];
const BACKOFF_OPTIONS = ['initialMs', 'multiplier', 'maxMs', 'jitter'] satisfies (keyof RecoveryBackoffOptions)[];
const DEAD_LETTER_OPTIONS = ['topic', 'producer', 'stack'] satisfies (keyof DeadLetterOptions)[];

/** What other libraries call an option, for the hint in the error. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['retries', 'attempts, which counts the first one too'],
  ['maxAttempts', 'attempts'],
  ['retry', 'attempts and backoff'],
  ['delay', 'backoff.initialMs'],
  ['dlq', 'deadLetter'],
  ['dlt', 'deadLetter'],
  ['deadLetterTopic', 'deadLetter.topic'],
]);

/** Legal characters of a topic's name; two names are not legal although they consist of these. */
const TOPIC_NAME = /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/;

/**
 * Checks the option `recovery` of a listener and fills in the defaults.
 * @throws ConfigError naming the listener, the option and the way out
 */
export function resolveRecovery(given: RecoveryOptions | undefined, listenerId: string): RecoverySettings {
  const options = given === undefined ? {} : given;
  rejectUnknown(listenerId, 'recovery', options, RECOVERY_OPTIONS, '{ attempts: 5, deadLetter: true }');
  return {
    attempts: resolveAttempts(listenerId, options.attempts),
    backoff: resolveBackoff(listenerId, options.backoff),
    retryable: resolveMatchers(listenerId, 'retryable', options.retryable),
    notRetryable: resolveMatchers(listenerId, 'notRetryable', options.notRetryable),
    deadLetter: resolveDeadLetter(listenerId, options.deadLetter),
  };
}

function resolveAttempts(listenerId: string, attempts: unknown = DEFAULT_ATTEMPTS): number {
  if (typeof attempts === 'number' && attempts >= 1 && (Number.isInteger(attempts) || attempts === Infinity)) {
    return attempts;
  }
  throw invalid(
    listenerId,
    'recovery.attempts',
    attempts,
    'must be a whole number from 1 (no second attempt), or Infinity',
    'RANGE',
  );
}

function resolveBackoff(
  listenerId: string,
  backoff: RecoveryOptions['backoff'] = DEFAULT_BACKOFF,
): RecoverySettings['backoff'] {
  if (typeof backoff === 'function') return backoff;
  const path = 'recovery.backoff';
  rejectUnknown(listenerId, path, backoff, BACKOFF_OPTIONS, '{ initialMs: 500 } or (attempt) => attempt * 1000');
  const { jitter = DEFAULT_BACKOFF.jitter, multiplier = DEFAULT_BACKOFF.multiplier } = backoff;
  if (!(typeof multiplier === 'number' && multiplier >= 1 && Number.isFinite(multiplier))) {
    throw invalid(listenerId, `${path}.multiplier`, multiplier, 'must be a number from 1', 'RANGE');
  }
  if (!(typeof jitter === 'number' && jitter >= 0 && jitter <= 1)) {
    throw invalid(listenerId, `${path}.jitter`, jitter, 'must be a number from 0 to 1', 'RANGE');
  }
  return { ...resolvePauses(listenerId, backoff), multiplier, jitter };
}

function resolvePauses(
  listenerId: string,
  { initialMs, maxMs }: RecoveryBackoffOptions,
): Pick<ExponentialBackoff, 'initialMs' | 'maxMs'> {
  const initial = resolveDuration(listenerId, 'recovery.backoff.initialMs', initialMs ?? DEFAULT_BACKOFF.initialMs);
  // A first pause above the default of the longest is meant as it is written.
  const longest = maxMs ?? Math.max(initial, DEFAULT_BACKOFF.maxMs);
  const most = resolveDuration(listenerId, 'recovery.backoff.maxMs', longest);
  if (initial <= most) return { initialMs: initial, maxMs: most };
  throw invalid(
    listenerId,
    'recovery.backoff.initialMs',
    initial,
    `is more than backoff.maxMs (${most}). Lower it, or raise the other`,
    'RANGE',
  );
}

function resolveDuration(listenerId: string, setting: string, ms: unknown): number {
  if (typeof ms === 'number' && Number.isInteger(ms) && ms >= 0) return Math.min(ms, INT_MAX);
  throw invalid(listenerId, setting, ms, 'must be a whole number of milliseconds from 0', 'RANGE');
}

function resolveMatchers(
  listenerId: string,
  name: 'retryable' | 'notRetryable',
  matchers: unknown = [],
): readonly ErrorMatcher[] {
  if (Array.isArray(matchers) && matchers.every(isErrorMatcher)) return [...matchers];
  throw invalid(
    listenerId,
    `recovery.${name}`,
    undefined,
    'must be a list of classes of errors, and of functions that take an error and return true or false',
    'TYPE',
  );
}

function resolveDeadLetter(
  listenerId: string,
  deadLetter: RecoveryOptions['deadLetter'] = false,
): DeadLetterSettings | null {
  if (deadLetter === false) return null;
  const given = deadLetter === true ? {} : deadLetter;
  const path = 'recovery.deadLetter';
  rejectUnknown(listenerId, path, given, DEAD_LETTER_OPTIONS, "true, false or { topic: 'orders-dlt' }");
  const { producer = null, stack = false, topic = null } = given;
  if (topic !== null && typeof topic !== 'function' && !(typeof topic === 'string' && TOPIC_NAME.test(topic))) {
    throw invalid(
      listenerId,
      `${path}.topic`,
      topic,
      'must be the name of a topic (up to 249 of a-z, A-Z, 0-9, . _ -), or a function that returns one',
      'TYPE',
    );
  }
  if (producer !== null && (typeof producer !== 'string' || producer === '')) {
    throw invalid(listenerId, `${path}.producer`, undefined, 'must be the name of a KafkaProducerModule', 'TYPE');
  }
  if (typeof stack !== 'boolean') {
    throw invalid(listenerId, `${path}.stack`, stack, 'must be true or false', 'TYPE');
  }
  return { topic, producer, stack };
}

function rejectUnknown(
  listenerId: string,
  path: string,
  given: unknown,
  known: readonly string[],
  example: string,
): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw invalid(listenerId, path, undefined, `must be given as in ${path}: ${example}`, 'TYPE');
  }
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const other = OTHER_NAMES.get(name);
    throw new ConfigError(
      `The listener ${listenerId} has no option ${path}.${name}. ${other === undefined ? `There are ${known.join(', ')}.` : `It is called ${other}.`}`,
      `${path}.${name}`,
      undefined,
      'UNKNOWN',
    );
  }
}

function invalid(listenerId: string, setting: string, value: unknown, what: string, rule: string): ConfigError {
  return new ConfigError(`${setting} of the listener ${listenerId} ${what}.`, setting, value, rule);
}
