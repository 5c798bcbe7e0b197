import { ProducerFatalError } from '../../lib/producer/errors.js';
import { TransactionAbortedError, TransactionOutcomeUnknownError } from '../../lib/producer/transaction-errors.js';
import type { TransactionalEngineApi } from '../../lib/producer/transactional-engine-api.js';

/** What the producer says of a transaction: all of it is visible, nothing is, or either of the two. */
export type TransactionOutcome = 'committed' | 'aborted' | 'unknown';

export interface EndedTransaction {
  readonly outcome: TransactionOutcome;
  /** Why it was not committed; null when it was, or was aborted on purpose. */
  readonly error: Error | null;
}

/** What a work throws that wants its transaction aborted. */
export class OnPurpose extends Error {}

/**
 * One transaction on an engine that is `ready`: it commits when the work succeeds, and aborts when anything fails, as the pool would do it. Never rejects.
 */
export async function runTransaction(
  engine: TransactionalEngineApi,
  work: () => Promise<unknown>,
): Promise<EndedTransaction> {
  engine.beginTransaction();
  try {
    await work();
  } catch (error) {
    return abort(engine, error);
  }
  try {
    await engine.commitTransaction();
    return { outcome: 'committed', error: null };
  } catch (error) {
    if (error instanceof TransactionOutcomeUnknownError) return { outcome: 'unknown', error };
    const isOver = error instanceof TransactionAbortedError || error instanceof ProducerFatalError;
    return isOver && engine.transactionalState !== 'abortable-error'
      ? { outcome: 'aborted', error }
      : abort(engine, error);
  }
}

/** Not confirmed, the abort still is one: nobody can commit the transaction any more. */
async function abort(engine: TransactionalEngineApi, cause: unknown): Promise<EndedTransaction> {
  const error = cause instanceof OnPurpose || !(cause instanceof Error) ? null : cause;
  if (engine.transactionalState === 'fatal') return { outcome: 'aborted', error };
  try {
    await engine.abortTransaction();
    return { outcome: 'aborted', error };
  } catch (failure) {
    // That the producer can do nothing more, for another one has taken over, says more than what failed first.
    const says = failure instanceof Error ? failure : new Error(String(failure));
    return { outcome: 'aborted', error: says instanceof ProducerFatalError ? says : (error ?? says) };
  }
}
