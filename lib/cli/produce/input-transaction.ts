import type { TransactionalEngineApi } from '../../producer/transactional-engine-api.js';
import { TransactionOutcomeUnknownError } from '../../producer/transaction-errors.js';
import { CommandError } from '../common/command-error.js';
import { OutcomeError } from '../common/outcome-error.js';
import type { DeliveryReport } from './delivery-report.js';
import { messageOf } from '../../wire/message-of.js';

/** Puts lines into transactions, one after the other: all of them into one, or so many into each. */
export class InputTransaction {
  private first = 0;
  private last = 0;
  private records = 0;

  /** @param size records of a transaction; null for all there are */
  public constructor(
    private readonly engine: TransactionalEngineApi,
    private readonly report: DeliveryReport,
    private readonly size: number | null,
  ) {}

  /** Whether it has all the records it is to have. */
  public get isComplete(): boolean {
    return this.size !== null && this.records >= this.size;
  }

  /** Before a record is sent: begins a transaction where none is open. */
  public join(line: number): void {
    if (this.records === 0) {
      this.engine.beginTransaction();
      this.report.hold();
      this.first = line;
    }
    this.last = line;
    this.records++;
  }

  /**
   * Commits what is open, and prints it.
   * @throws CommandError when it was aborted instead
   */
  public async commit(): Promise<void> {
    if (this.records === 0) return;
    try {
      await this.engine.commitTransaction();
    } catch (cause) {
      throw await this.abort(cause);
    }
    this.records = 0;
    await this.report.release();
  }

  /** Aborts what is open. @returns what to tell of it */
  public async abort(cause: unknown): Promise<CommandError> {
    this.report.drop();
    if (this.records === 0) return new CommandError(`No transaction was begun: ${messageOf(cause)}`, { cause });
    this.records = 0;
    const { transactionalState } = this.engine;
    if (transactionalState === 'in-transaction' || transactionalState === 'abortable-error') {
      // Whatever becomes of it: the broker aborts it with the next run of this id, or when its time is over.
      await this.engine.abortTransaction().catch(() => undefined);
    }
    const lines = this.first === this.last ? `line ${this.first}` : `lines ${this.first} to ${this.last}`;
    const outcome =
      cause instanceof TransactionOutcomeUnknownError
        ? `It is not known whether the transaction with ${lines} was committed, so look before you repeat it`
        : `The transaction with ${lines} was not committed`;
    return new OutcomeError(`${outcome}: ${messageOf(cause)} What comes behind was not sent.`, { cause });
  }
}
