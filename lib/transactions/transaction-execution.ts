import { ProducerFatalError } from '../producer/errors.js';
import {
  TransactionAbortedError,
  TransactionOutcomeUnknownError,
  TransactionTimeoutError,
} from '../producer/transaction-errors.js';
import type { TransactionalEngineApi } from '../producer/transactional-engine-api.js';
import type { LogSink } from '../wire/log-sink.js';
import { messageOf } from '../wire/message-of.js';
import type { ActiveTransaction, TransactionFailure } from './active-transaction.js';
import { matchesAny } from './error-matcher.js';
import { outsideTransactions } from './transaction-context.js';
import type { TransactionEnd, TransactionMetrics } from './transaction-metrics.js';
import type { ResolvedTransactionOptions } from './transaction-options.js';

/** How a transaction has ended, and what its caller gets. */
export interface TransactionOutcome<T> {
  readonly end: TransactionEnd;
  readonly result: PromiseSettledResult<T>;
}

interface EndedWork<T> {
  readonly result: PromiseSettledResult<T>;
  readonly mayCommit: boolean;
}

/** What is needed to run one transaction. */
export interface TransactionExecutionDependencies {
  readonly transaction: ActiveTransaction;
  /** In a transaction already. */
  readonly engine: TransactionalEngineApi;
  readonly options: ResolvedTransactionOptions;
  readonly metrics: TransactionMetrics;
  readonly log: LogSink;
}

/** Runs the work of one transaction and ends the transaction as the work has ended. */
export class TransactionExecution {
  public constructor(private readonly dependencies: TransactionExecutionDependencies) {}

  /** @param work settles with what the work does. Never rejects: every failure is in the outcome */
  public async run<T>(work: () => Promise<T>): Promise<TransactionOutcome<T>> {
    const { options, transaction } = this.dependencies;
    const startedAt = performance.now();
    const timer = setTimeout(() => transaction.giveUp(this.timedOut()), options.timeoutMs);
    const ended = await Promise.race([this.untilEnded(work), transaction.givenUp]);
    clearTimeout(timer);
    if (ended instanceof Error) return this.abort(ended);
    const { mayCommit, result } = ended;
    if (!mayCommit && result.status === 'rejected') {
      const { reason } = result;
      return transaction.failure?.cause === reason ? this.abortFor(reason) : this.abort(reason);
    }
    if (transaction.failure !== null) return this.abortFor(abortOnly(transaction.failure));
    // Work that has blocked the event loop lets no timer run.
    if (performance.now() - startedAt >= options.timeoutMs) return this.abort(this.timedOut());
    return this.commit(result);
  }

  /** Of the work, and of all that it has started inside. */
  private async untilEnded<T>(work: () => Promise<T>): Promise<EndedWork<T>> {
    const { log, options, transaction } = this.dependencies;
    const result = await resultOf(work());
    const mayCommit = result.status === 'fulfilled' || matchesAny(result.reason, options.commitOn, log);
    await transaction.end(mayCommit);
    return { result, mayCommit };
  }

  private async commit<T>(result: PromiseSettledResult<T>): Promise<TransactionOutcome<T>> {
    const { engine, metrics } = this.dependencies;
    try {
      await metrics.timed('commit', () => outsideTransactions(() => engine.commitTransaction()));
      return { end: 'committed', result };
    } catch (error) {
      const end = endAfter(error);
      return end === null ? this.abortFor(notCommitted(error)) : { end, result: { status: 'rejected', reason: error } };
    }
  }

  /** For a reason that comes from the producer: that it cannot go on says more. */
  private async abortFor(reason: unknown): Promise<TransactionOutcome<never>> {
    const outcome = await this.abort(reason);
    const { transactionError } = this.dependencies.engine;
    if (!(transactionError instanceof ProducerFatalError)) return outcome;
    return { end: 'aborted', result: { status: 'rejected', reason: transactionError } };
  }

  /** A producer that cannot go on cannot abort either: the broker does, when somebody else takes over or after the transaction timeout. */
  private async abort(reason: unknown): Promise<TransactionOutcome<never>> {
    const { engine, log, metrics, transaction } = this.dependencies;
    try {
      if (engine.transactionalState !== 'fatal') {
        await metrics.timed('abort', () => outsideTransactions(() => engine.abortTransaction()));
      }
    } catch (error) {
      log.warn(
        `The abort of a transaction of '${transaction.transactionalId}' was not confirmed: ${messageOf(error)} ` +
          'The broker aborts it with the next transaction there, or after the transaction timeout at the latest.',
      );
    }
    return { end: 'aborted', result: { status: 'rejected', reason } };
  }

  private timedOut(): TransactionTimeoutError {
    const { engine, options } = this.dependencies;
    const pending = engine.pendingWork ?? null;
    const waited = pending === null ? '' : ` It was waiting for the brokers: ${pending}.`;
    return new TransactionTimeoutError(
      `The work of the transaction took longer than timeoutMs (${options.timeoutMs} ms), so the transaction was aborted. Do less in it, or raise the limit ` +
        `(transactions.timeoutMs is the most that it can be).${waited}`,
    );
  }
}

function resultOf<T>(work: Promise<T>): Promise<PromiseSettledResult<T>> {
  return work.then(
    (value) => ({ status: 'fulfilled', value }),
    (reason: unknown) => ({ status: 'rejected', reason }),
  );
}

/** How the transaction has ended if nothing is left to do after this error of the commit; else null. */
function endAfter(error: unknown): TransactionEnd | null {
  if (error instanceof TransactionOutcomeUnknownError) return 'outcome-unknown';
  if (error instanceof TransactionAbortedError || error instanceof ProducerFatalError) return 'aborted';
  return null;
}

function abortOnly({ cause, what }: TransactionFailure): TransactionAbortedError {
  return new TransactionAbortedError(
    `The transaction was aborted, because ${what} failed in it: ${messageOf(cause)} It could not be committed, whether or not that error was caught.`,
    { cause },
  );
}

function notCommitted(cause: unknown): TransactionAbortedError {
  return new TransactionAbortedError(`The transaction could not be committed and was aborted: ${messageOf(cause)}`, {
    cause,
  });
}
