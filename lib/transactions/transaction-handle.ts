import type { KafkaTransaction } from '../producer/transaction.js';
import type { ActiveTransaction } from './active-transaction.js';

/** What the work of a transaction may do with it, and no more. Its functions may be taken out of it. */
export class TransactionHandle implements KafkaTransaction {
  public readonly transactionalId: string;
  public readonly signal: AbortSignal;
  public readonly sendOffsets: KafkaTransaction['sendOffsets'];
  public readonly afterCommit: KafkaTransaction['afterCommit'];
  public readonly afterAbort: KafkaTransaction['afterAbort'];

  public constructor(transaction: ActiveTransaction) {
    this.transactionalId = transaction.transactionalId;
    this.signal = transaction.signal;
    this.sendOffsets = (offsets, group) => transaction.sendOffsets(offsets, group);
    this.afterCommit = (hook) => transaction.hooks.afterCommit(hook);
    this.afterAbort = (hook) => transaction.hooks.afterAbort(hook);
  }
}
