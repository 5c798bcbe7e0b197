import { ProducerClosedError, ProducerFatalError } from '../../producer/errors.js';
import { aborted, hasFailed } from '../../producer/internals/transactions/transaction-failures.js';
import {
  IllegalTransactionStateError,
  TransactionAbortedError,
  TransactionOutcomeUnknownError,
} from '../../producer/transaction-errors.js';
import type { ConsumerGroupMetadata, TopicPartitionOffset } from '../../producer/transaction.js';
import type { TransactionalEngineApi, TransactionalState } from '../../producer/transactional-engine-api.js';
import { RecordingEngine, type RecordingEngineDependencies } from './recording-engine.js';
import type { RecordedTransactionState } from './recorded-transaction.js';
import type { TransactionEntry } from './transaction-entry.js';

/** Keeps the transactions of one transactional id in memory, with the states and errors of `TransactionManager`. */
export class TransactionalRecordingEngine extends RecordingEngine implements TransactionalEngineApi {
  private current: TransactionalState = 'uninitialized';
  private failure: Error | null = null;
  private open: TransactionEntry | null = null;

  public constructor(
    private readonly transactionalId: string,
    dependencies: RecordingEngineDependencies,
  ) {
    super(dependencies);
  }

  public get transactionalState(): TransactionalState {
    return this.current;
  }

  public get transactionError(): Error | null {
    return this.failure;
  }

  public initTransactions(): Promise<void> {
    if (this.failure !== null) return Promise.reject(this.failure);
    this.current = 'ready';
    return Promise.resolve();
  }

  public beginTransaction(): void {
    this.require('ready');
    const { history, script } = this.dependencies;
    const failure = script.failureOf('begin', { transactionalId: this.transactionalId });
    if (failure instanceof ProducerFatalError) this.end('aborted', 'fatal', failure);
    if (failure !== null) throw failure;
    this.open = history.begin(this.transactionalId);
    this.current = 'in-transaction';
  }

  public async sendOffsetsToTransaction(
    offsets: readonly TopicPartitionOffset[],
    group: ConsumerGroupMetadata,
  ): Promise<void> {
    const transaction = this.require('in-transaction');
    const entry = { group, offsets };
    const failure = this.dependencies.script.failureOf('sendOffsets', entry);
    if (failure === null) {
      transaction?.offsets.push(entry);
      return;
    }
    this.recordFailed(failure);
    throw failure;
  }

  public async commitTransaction(): Promise<void> {
    if (this.current === 'abortable-error' && this.failure !== null) throw this.failure;
    const transaction = this.require('in-transaction');
    this.current = 'completing';
    await this.flush();
    if (this.failure !== null) throw this.abortable(this.failure);
    const failure = transaction === null ? null : this.dependencies.script.failureOf('commit', transaction);
    if (failure === null) return this.end('committed', 'ready');
    if (failure instanceof ProducerFatalError) this.end('aborted', 'fatal', failure);
    else if (failure instanceof TransactionOutcomeUnknownError) this.end('unknown', 'uninitialized');
    else if (failure instanceof TransactionAbortedError) this.end('aborted', 'uninitialized');
    else this.abortable(failure);
    throw failure;
  }

  public async abortTransaction(): Promise<void> {
    if (this.current !== 'abortable-error') this.require('in-transaction');
    const transaction = this.open;
    this.current = 'completing';
    this.dropPending(this.failure === null ? aborted() : hasFailed(this.failure));
    await this.flush();
    const failure = transaction === null ? null : this.dependencies.script.failureOf('abort', transaction);
    if (failure === null) return this.end('aborted', 'ready');
    if (failure instanceof ProducerFatalError) this.end('aborted', 'fatal', failure);
    else this.end('aborted', 'uninitialized');
    throw failure;
  }

  public override async close(timeoutMs: number): Promise<void> {
    if (this.open !== null) {
      this.end('aborted', 'fatal', new ProducerClosedError('The producer is closed.'));
    }
    await super.close(timeoutMs);
  }

  protected override get currentRefusal(): Error | null {
    if (this.refusal !== null) return this.refusal;
    if (this.current === 'in-transaction') return null;
    return this.failure === null ? this.notIn('in-transaction') : this.later(this.failure);
  }

  protected override get transaction(): TransactionEntry | null {
    return this.open;
  }

  /** A transaction with a failed record cannot commit; one whose producer is done for cannot even be aborted. */
  protected override recordFailed(error: Error): void {
    if (this.current !== 'in-transaction' && this.current !== 'completing') return;
    if (error instanceof ProducerFatalError) return this.end('aborted', 'fatal', error);
    if (this.current === 'in-transaction') this.abortable(error);
    else this.failure ??= error;
  }

  /** Leaves nothing but the abort, unless the producer cannot even do that. */
  private abortable(failure: Error): Error {
    if (this.current !== 'fatal') this.current = 'abortable-error';
    this.failure = failure;
    return failure;
  }

  private end(outcome: RecordedTransactionState, next: TransactionalState, failure: Error | null = null): void {
    if (this.open !== null) this.open.state = outcome;
    this.open = null;
    this.current = next;
    this.failure = failure;
  }

  private require(state: TransactionalState): TransactionEntry | null {
    if (this.current === state) return this.open;
    throw this.failure === null ? this.notIn(state) : this.later(this.failure);
  }

  private later(failure: Error): Error {
    return this.current === 'fatal' ? failure : hasFailed(failure);
  }

  private notIn(state: TransactionalState): IllegalTransactionStateError {
    return new IllegalTransactionStateError(`The producer ${this.transactionalId} is ${this.current}, not ${state}.`);
  }
}
