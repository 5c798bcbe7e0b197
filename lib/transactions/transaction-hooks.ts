import { TransactionAbortedError, TransactionEndedError } from '../producer/transaction-errors.js';
import type { LogSink } from '../wire/log-sink.js';

/** What has been registered to run after the end of a transaction. */
export class TransactionHooks {
  private readonly committed: (() => unknown)[] = [];
  private readonly aborted: ((error: Error) => unknown)[] = [];
  private isOver = false;

  public constructor(private readonly log: LogSink) {}

  public afterCommit(hook: () => unknown): void {
    this.add(this.committed, hook);
  }

  public afterAbort(hook: (error: Error) => unknown): void {
    this.add(this.aborted, hook);
  }

  /** No more hooks from now on. */
  public seal(): void {
    this.isOver = true;
  }

  public runCommitted(): void {
    for (const hook of this.committed) this.call('An afterCommit hook', hook);
  }

  /** @param reason why there was no commit: an error, or whatever else was thrown */
  public runAborted(reason: unknown): void {
    if (this.aborted.length === 0) return;
    const error = isError(reason)
      ? reason
      : new TransactionAbortedError('The work has thrown something that is no Error; see cause.', { cause: reason });
    for (const hook of this.aborted) this.call('An afterAbort hook', () => hook(error));
  }

  private add<T>(hooks: T[], hook: T): void {
    if (typeof hook !== 'function') throw new TypeError('afterCommit and afterAbort take a function.');
    if (this.isOver) throw new TransactionEndedError('The transaction has ended: it takes no more hooks.');
    hooks.push(hook);
  }

  private call(what: string, hook: () => unknown): void {
    const report = (error: unknown): void =>
      this.log.error(
        `${what} failed, which changes nothing about the transaction: ${isError(error) ? error.message : 'it threw no Error'}`,
      );
    try {
      Promise.resolve(hook()).catch(report);
    } catch (error) {
      report(error);
    }
  }
}

/** `instanceof` alone would miss errors of other realms. */
function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
}
