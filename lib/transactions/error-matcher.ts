import type { ErrorMatcher } from '../producer/transaction.js';
import type { LogSink } from '../wire/log-sink.js';

/** Whether an error of the work is one that commits nevertheless. A function that throws itself says no, and is logged. */
export function matchesAny(error: unknown, matchers: readonly ErrorMatcher[], log: LogSink): boolean {
  return matchers.some((matcher) => {
    try {
      // Not whatever is truthy: a promise of `false` would be.
      const answer: unknown = isErrorClass(matcher) ? error instanceof matcher : matcher(error);
      return answer === true;
    } catch {
      log.error('A function of commitOn has thrown; its error is taken for one that aborts.');
      return false;
    }
  });
}

/** An error's class, or a function that may be called; not a class of something else. */
export function isErrorMatcher(given: unknown): given is ErrorMatcher {
  if (typeof given !== 'function') return false;
  return isErrorClass(given) || !/^class\b/.test(Function.prototype.toString.call(given));
}

/** By the prototype's shape, as another realm's `Error` is no subclass of this one's. */
export function isErrorClass(given: object): given is abstract new (...args: never[]) => Error {
  const prototype: unknown = Reflect.get(given, 'prototype');
  return typeof prototype === 'object' && prototype !== null && 'message' in prototype;
}
