import type { ConsumerGroupMetadata, KafkaTransaction, TopicPartitionOffset } from '../producer/transaction.js';
import type { ActiveTransaction } from './active-transaction.js';

/** What the work of a transaction may do with it, and no more. */
export class TransactionHandle implements KafkaTransaction {
  public readonly transactionalId: string;
  public readonly signal: AbortSignal;
  readonly #transaction: ActiveTransaction;

  public constructor(transaction: ActiveTransaction) {
    this.transactionalId = transaction.transactionalId;
    this.signal = transaction.signal;
    this.#transaction = transaction;
  }

  public sendOffsets(offsets: readonly TopicPartitionOffset[], group: ConsumerGroupMetadata | string): Promise<void> {
    return this.#transaction.sendOffsets(offsets, group);
  }

  public afterCommit(hook: () => unknown): void {
    this.#transaction.hooks.afterCommit(hook);
  }

  public afterAbort(hook: (error: Error) => unknown): void {
    this.#transaction.hooks.afterAbort(hook);
  }
}
