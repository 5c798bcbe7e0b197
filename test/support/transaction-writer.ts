import type { Random } from './random.js';
import { OnPurpose, type EndedTransaction } from './transaction-outcome.js';
import type { TransactionSender, TransactionTarget } from './transaction-target.js';
import type { WrittenTransaction } from './transaction-check.js';

export interface TransactionWriterOptions {
  /** Tells the values of several writers on one topic apart. */
  readonly name: string;
  readonly topic: string;
  readonly partitions: number;
  /** In each partition. Default 3. */
  readonly records?: number;
  /** How many of 100 transactions are aborted on purpose. Default 20. */
  readonly abortPercent?: number;
  /** How many of 100 also commit offsets. Default 30. */
  readonly offsetPercent?: number;
  readonly random: Random;
  /** Number of the first transaction. Default 0. */
  readonly first?: number;
  /** Told before a transaction begins. */
  readonly onBegin?: (transaction: WrittenTransaction) => void;
  /** Told when it has ended, before the next one begins. */
  readonly onEnd?: (transaction: WrittenTransaction) => void;
}

/** Runs transactions one after the other, and keeps what became of each. */
export class TransactionWriter {
  public readonly transactions: WrittenTransaction[] = [];
  /** First errors by name, for the report. */
  public readonly failures: Record<string, number> = {};
  /** The longest that one transaction took. */
  public slowestMs = 0;
  private stopping = false;
  private next: number;

  public constructor(private readonly options: TransactionWriterOptions) {
    this.next = options.first ?? 0;
  }

  public get committed(): number {
    return this.transactions.filter(({ outcome }) => outcome === 'committed').length;
  }

  /** Goes on until `stop`. */
  public async write(target: TransactionTarget): Promise<void> {
    while (!this.stopping) await this.one(target);
  }

  public stop(): void {
    this.stopping = true;
  }

  private async one(target: TransactionTarget): Promise<void> {
    const { abortPercent = 20, name, offsetPercent = 30, onBegin, onEnd, random } = this.options;
    const number = this.next++;
    const transaction: WrittenTransaction = {
      writer: name,
      number,
      outcome: 'unknown',
      hasOffset: random.integer(1, 100) <= offsetPercent,
    };
    const aborts = random.integer(1, 100) <= abortPercent;
    this.transactions.push(transaction);
    onBegin?.(transaction);
    const startedAt = performance.now();
    const ended = await target.run((sender) => this.work(sender, transaction, aborts));
    this.slowestMs = Math.max(this.slowestMs, Math.round(performance.now() - startedAt));
    transaction.outcome = ended.outcome;
    this.note(ended);
    onEnd?.(transaction);
  }

  private async work(sender: TransactionSender, transaction: WrittenTransaction, aborts: boolean): Promise<void> {
    const { name, partitions, random, records = 3, topic } = this.options;
    const { number, hasOffset } = transaction;
    const sends: Promise<unknown>[] = [];
    for (let index = 0; index < records; index++) {
      for (let partition = 0; partition < partitions; partition++) {
        sends.push(sender.send({ topic, partition, value: `${name}|${number}|${index}` }));
      }
      if (random.integer(1, 4) === 1) await Promise.allSettled(sends);
    }
    if (hasOffset) {
      sends.push(sender.sendOffsets([{ topic, partition: 0, offset: String(number + 1) }], { groupId: groupOf(name) }));
    }
    const results = await Promise.allSettled(sends);
    const failed = results.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
    if (aborts) throw new OnPurpose();
  }

  private note({ outcome, error }: EndedTransaction): void {
    if (error === null) return;
    const kind = `${outcome}: ${error.name}`;
    if (this.failures[kind] === undefined) process.stderr.write(`first ${kind}: ${error.message}\n`);
    this.failures[kind] = (this.failures[kind] ?? 0) + 1;
  }
}

/** The consumer group whose offsets a writer commits. */
export function groupOf(writer: string): string {
  return `group-${writer}`;
}
