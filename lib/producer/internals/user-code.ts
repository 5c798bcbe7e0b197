import type { LogSink } from '../../wire/log-sink.js';
import { messageOf } from '../../wire/message-of.js';

/**
 * Runs a function of the user's for whose failure nobody waits: what it throws, or rejects with if it is async after all, is logged.
 * @param what names it in the log line
 */
export function runUserCode(what: string, log: LogSink, run: () => unknown): void {
  const report = (error: unknown): void => log.warn(`${what} threw and was ignored: ${messageOf(error)}`);
  try {
    const result = run();
    if (isThenable(result)) result.then(undefined, report);
  } catch (error) {
    report(error);
  }
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
