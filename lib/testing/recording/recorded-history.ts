import type { TopicPartitionOffset } from '../../producer/transaction.js';
import type { FailureScript } from './failure-script.js';
import type { SentRecord } from './sent-record.js';
import { TransactionEntry } from './transaction-entry.js';

/** What all engines of one recording producer write to, as real ones do to a cluster. */
export class RecordedHistory {
  private readonly entries: SentRecord[] = [];
  private readonly begun: TransactionEntry[] = [];
  private readonly pending = new Set<SentRecord>();
  private readonly nextOffsets = new Map<string, bigint>();
  private transactionCount = 0;

  public constructor(
    private readonly script: FailureScript,
    private readonly autoComplete: boolean,
  ) {}

  public get sent(): readonly SentRecord[] {
    return [...this.entries];
  }

  public get transactions(): readonly TransactionEntry[] {
    return [...this.begun];
  }

  public get pendingCount(): number {
    return this.pending.size;
  }

  public begin(transactionalId: string): TransactionEntry {
    const transaction = new TransactionEntry(++this.transactionCount, transactionalId);
    this.begun.push(transaction);
    return transaction;
  }

  public add(record: SentRecord): void {
    this.entries.push(record);
    record.transaction?.records.push(record);
    if (this.autoComplete) this.settle(record, null);
    else this.pending.add(record);
  }

  /**
   * Settles the record that has waited longest; false when none waits.
   * @param error null: it is stored, unless the script says otherwise
   */
  public settleNext(error: Error | null): boolean {
    const [next] = this.pending;
    if (next === undefined) return false;
    this.settle(next, error);
    return true;
  }

  /** Fails a record, unless it is settled already. */
  public drop(record: SentRecord, error: Error): void {
    if (this.pending.has(record)) this.settle(record, error);
  }

  /** The newest offsets of a group in transactions that were committed. */
  public committedOffsets(groupId: string): readonly TopicPartitionOffset[] {
    const newest = new Map<string, TopicPartitionOffset>();
    for (const { offsets, state } of this.begun) {
      if (state !== 'committed') continue;
      for (const entry of offsets.filter(({ group }) => group.groupId === groupId)) {
        for (const offset of entry.offsets) newest.set(`${offset.topic}-${offset.partition}`, offset);
      }
    }
    return [...newest.values()];
  }

  /** What still goes on does so, and is forgotten. */
  public clear(): void {
    this.entries.length = 0;
    this.begun.length = 0;
  }

  private settle(record: SentRecord, error: Error | null): void {
    this.pending.delete(record);
    const failure = error ?? this.script.failureOf('send', record);
    if (failure === null) record.store(this.nextOffset(record));
    else record.fail(failure);
  }

  private nextOffset({ partition, topic }: SentRecord): bigint {
    const key = `${topic}-${partition}`;
    const offset = this.nextOffsets.get(key) ?? 0n;
    this.nextOffsets.set(key, offset + 1n);
    return offset;
  }
}
