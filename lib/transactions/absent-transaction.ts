import { IllegalTransactionStateError } from '../producer/transaction-errors.js';
import type { KafkaTransaction } from '../producer/transaction.js';
import type { TransactionHooks } from './transaction-hooks.js';

/**
 * Stands in for the transaction of work that runs without one (`SUPPORTS` outside, `NOT_SUPPORTED`, `NEVER`): its hooks run after the work, its signal is
 * never triggered.
 */
export class AbsentTransaction implements KafkaTransaction {
  public readonly transactionalId = '';
  public readonly signal: AbortSignal = new AbortController().signal;
  public readonly afterCommit: KafkaTransaction['afterCommit'];
  public readonly afterAbort: KafkaTransaction['afterAbort'];

  public constructor(hooks: TransactionHooks) {
    this.afterCommit = (hook) => hooks.afterCommit(hook);
    this.afterAbort = (hook) => hooks.afterAbort(hook);
  }

  public sendOffsets(): Promise<void> {
    return Promise.reject(
      new IllegalTransactionStateError(
        'sendOffsets: this work runs without a transaction, by its propagation. Offsets can only be committed with one.',
      ),
    );
  }
}
