import type { RecordedOffsets, RecordedTransaction, RecordedTransactionState } from './recorded-transaction.js';
import type { SentRecord } from './sent-record.js';

/** A transaction while it goes on. */
export class TransactionEntry implements RecordedTransaction {
  public state: RecordedTransactionState = 'begun';
  public readonly records: SentRecord[] = [];
  public readonly offsets: RecordedOffsets[] = [];

  public constructor(
    public readonly id: number,
    public readonly transactionalId: string,
  ) {}
}
