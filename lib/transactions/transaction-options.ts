import { inspect } from 'node:util';
import { ConfigError } from '../producer/errors.js';
import type { TransactionsSettings } from '../producer/producer-transactions.js';
import type { ErrorMatcher, Propagation, TransactionOptions } from '../producer/transaction.js';
import { isErrorMatcher } from './error-matcher.js';

const PROPAGATIONS = {
  REQUIRED: true,
  REQUIRES_NEW: true,
  SUPPORTS: true,
  MANDATORY: true,
  NOT_SUPPORTED: true,
  NEVER: true,
} as const satisfies Record<Propagation, true>;

const TRANSACTION_OPTIONS: readonly string[] = [
  'propagation',
  'timeoutMs',
  'commitOn',
] satisfies (keyof TransactionOptions)[];

/** The options of one transaction, with defaults. */
export interface ResolvedTransactionOptions {
  readonly propagation: Propagation;
  readonly timeoutMs: number;
  readonly commitOn: readonly ErrorMatcher[];
}

/**
 * @param where what they were given to, for the message, e.g. `transaction()` or `@Transactional() of Orders.place`
 * @throws ConfigError
 */
export function resolveTransactionOptions(
  options: TransactionOptions,
  settings: TransactionsSettings,
  where: string,
): ResolvedTransactionOptions {
  checkTransactionOptions(options, where);
  checkTimeoutLimit(options, settings, where);
  return {
    propagation: options.propagation ?? 'REQUIRED',
    timeoutMs: options.timeoutMs ?? settings.maxWorkMs,
    commitOn: options.commitOn ?? [],
  };
}

/**
 * Checks all that can be checked without knowing the producer.
 * @param others names of options besides those of every transaction
 * @throws ConfigError
 */
export function checkTransactionOptions(options: object, where: string, others: readonly string[] = []): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new ConfigError(`${where}: the options must be an object.`, 'options', undefined, 'TYPE');
  }
  const names = [...TRANSACTION_OPTIONS, ...others];
  for (const [name, value] of Object.entries(options)) {
    if (!names.includes(name)) {
      throw new ConfigError(`${where} has no option '${name}'. There are ${names.join(', ')}.`, name, value, 'UNKNOWN');
    }
  }
  const { commitOn, propagation, timeoutMs }: { commitOn?: unknown; propagation?: unknown; timeoutMs?: unknown } =
    options;
  checkPropagation(propagation, where);
  checkTimeout(timeoutMs, where);
  checkCommitOn(commitOn, where);
}

/** @throws ConfigError for a limit that the broker's own would come before */
export function checkTimeoutLimit(
  { timeoutMs }: TransactionOptions,
  settings: TransactionsSettings,
  where: string,
): void {
  if (timeoutMs === undefined || timeoutMs <= settings.maxWorkMs) return;
  throw new ConfigError(
    `${where}: timeoutMs is ${timeoutMs}, but may be ${settings.maxWorkMs} at the most, so that the broker does not end the transaction first, ` +
      `which it does after transactions.timeoutMs = ${settings.timeoutMs}. Lower the one, or raise the other.`,
    'timeoutMs',
    timeoutMs,
    'RANGE',
  );
}

function checkPropagation(propagation: unknown, where: string): void {
  if (propagation === undefined || (typeof propagation === 'string' && Object.hasOwn(PROPAGATIONS, propagation)))
    return;
  const hint =
    propagation === 'NESTED'
      ? ' Kafka has no savepoints, so a part of a transaction cannot be undone: join it with REQUIRED, or begin another with REQUIRES_NEW.'
      : '';
  throw new ConfigError(
    `${where}: propagation must be one of ${Object.keys(PROPAGATIONS).join(', ')}, not ${inspect(propagation)}.${hint}`,
    'propagation',
    propagation,
    'RANGE',
  );
}

function checkTimeout(timeoutMs: unknown, where: string): void {
  if (timeoutMs === undefined || (typeof timeoutMs === 'number' && Number.isInteger(timeoutMs) && timeoutMs > 0))
    return;
  throw new ConfigError(
    `${where}: timeoutMs must be a whole number of milliseconds from 1, not ${inspect(timeoutMs)}.`,
    'timeoutMs',
    timeoutMs,
    'TYPE',
  );
}

function checkCommitOn(commitOn: unknown, where: string): void {
  if (commitOn === undefined || (Array.isArray(commitOn) && commitOn.every(isErrorMatcher))) return;
  throw new ConfigError(
    `${where}: commitOn must be a list of error classes, or of functions that take the error and tell.`,
    'commitOn',
    undefined,
    'TYPE',
  );
}
