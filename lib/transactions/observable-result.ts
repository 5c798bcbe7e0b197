import { from, isObservable, type Observable } from 'rxjs';
import { IllegalTransactionStateError } from '../producer/transaction-errors.js';
import type { LogSink } from '../wire/log-sink.js';

/**
 * What a method has returned, with an Observable run to its end: a cold one only starts its work when it is subscribed to, which would be after the
 * commit otherwise. Its values are kept, and handed on by an Observable that emits them all at once; so it must end, and fit into memory.
 *
 * @param signal ends the subscription when the transaction is given up
 * @throws (as a rejection) what the method or its Observable failed with; IllegalTransactionStateError for a generator, which nobody could run to its end for the caller
 */
export async function completedResult<T>(returned: T | Promise<T>, signal: AbortSignal, log: LogSink): Promise<T> {
  const result = await returned;
  if (isGenerator(result)) throw new IllegalTransactionStateError(GENERATOR);
  if (!isObservable(result)) return result;
  const replayed: Observable<unknown> = from(await collect(result, signal, log));
  return replayed as typeof result;
}

const GENERATOR =
  'A transaction must not return a generator: it would run when its values are read, which is after the commit. Collect them and return a list. The transaction was aborted.';

function isGenerator(value: unknown): boolean {
  return /^\[object (?:Async)?Generator\]$/.test(Object.prototype.toString.call(value));
}

function collect(observable: Observable<unknown>, signal: AbortSignal, log: LogSink): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const values: unknown[] = [];
    const subscription = observable.subscribe({
      next: (value) => void values.push(value),
      error: reject,
      complete: () => resolve(values),
    });
    const giveUp = (): void => {
      reject(signal.reason);
      try {
        subscription.unsubscribe();
      } catch (error) {
        // In a listener of the signal it would end the process.
        log.error(`The teardown of an Observable has failed after its transaction was given up: ${String(error)}`);
      }
    };
    if (signal.aborted) return giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    subscription.add(() => signal.removeEventListener('abort', giveUp));
  });
}
