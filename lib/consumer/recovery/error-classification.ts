import { types } from 'node:util';
import { HttpException } from '@nestjs/common';
import { KafkaRetriableException, RpcException } from '@nestjs/microservices';
import { ConfigError } from '../../producer/errors.js';
import type { ErrorMatcher } from '../../producer/transaction.js';
import { isErrorClass } from '../../transactions/error-matcher.js';
import type { LogSink } from '../../wire/log-sink.js';
import { UndecodableRecordError } from '../deserializers/undecodable-record-error.js';
import type { RecoverySettings } from './recovery-settings.js';

/** Causes of causes that are looked at: more are a circle. */
const MOST_CAUSES = 20;

/** Answers of a server that ask to come again: Request Timeout, Too Early, Too Many Requests. */
const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 425, 429]);

/** Whether an error says that another attempt would fail as well. */
export class ErrorClassification {
  public constructor(
    private readonly settings: Pick<RecoverySettings, 'retryable' | 'notRetryable'>,
    private readonly log: LogSink,
  ) {}

  /** The settings are wrong, not the record. */
  public isConfiguration(error: unknown): boolean {
    return chainOf(error).some((link) => link instanceof ConfigError);
  }

  public isRetryable(error: unknown): boolean {
    const chain = chainOf(error);
    const { notRetryable, retryable } = this.settings;
    if (chain.some((link) => link instanceof KafkaRetriableException)) return true;
    if (this.matches(chain, retryable, 'retryable')) return true;
    if (this.matches(chain, notRetryable, 'notRetryable')) return false;
    return !chain.some(isHopeless);
  }

  private matches(chain: readonly unknown[], matchers: readonly ErrorMatcher[], option: string): boolean {
    return matchers.some((matcher) => chain.some((link) => this.answer(matcher, link, option)));
  }

  private answer(matcher: ErrorMatcher, error: unknown, option: string): boolean {
    if (isErrorClass(matcher)) return error instanceof matcher;
    try {
      // Not whatever is truthy: a promise of `false` would be.
      const answer: unknown = matcher(error);
      return answer === true;
    } catch {
      this.log.error(`A function of recovery.${option} has thrown, which counts as no.`);
      return false;
    }
  }
}

/** The error and its causes, from the outside in. */
function chainOf(error: unknown): unknown[] {
  const chain: unknown[] = [];
  let link = error;
  while (link !== undefined && link !== null && chain.length < MOST_CAUSES) {
    chain.push(link);
    link = causeOf(link);
  }
  return chain;
}

function causeOf(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return undefined;
  const cause: unknown = 'cause' in error ? error.cause : undefined;
  if (cause !== undefined || !(error instanceof RpcException)) return cause;
  const wrapped = error.getError();
  return typeof wrapped === 'object' ? wrapped : undefined;
}

/** The same record fails the same way, whatever is tried. */
function isHopeless(error: unknown): boolean {
  if (error instanceof UndecodableRecordError || isBuiltIn(error, SyntaxError)) return true;
  // The language gives its own no cause; `fetch` reports a lost connection as one with a cause.
  if (isBuiltIn(error, TypeError)) return error.cause === undefined;
  if (error instanceof HttpException) return isRefusal(error.getStatus());
  return Array.isArray(error) ? error.length > 0 && error.every(isValidationError) : isValidationError(error);
}

/** Also of another realm: Node's own errors are not of that which Jest has its tests in. */
function isBuiltIn<T extends Error>(error: unknown, type: new () => T): error is T {
  return error instanceof type || (types.isNativeError(error) && error.name === type.name);
}

function isRefusal(status: number): boolean {
  return status >= 400 && status < 500 && !PASSING_STATUSES.has(status);
}

/** By its shape, as class-validator need not be installed. */
function isValidationError(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || error.constructor?.name !== 'ValidationError') return false;
  return 'property' in error && ('constraints' in error || 'children' in error);
}
