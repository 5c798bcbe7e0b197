import { ConfigError, ProducerClosedError } from '../producer/errors.js';
import type { ProducerMetrics, TransactionPoolStatus } from '../producer/producer-engine-api.js';
import type { ProducerTransactions, RecordSender, TransactionsSettings } from '../producer/producer-transactions.js';
import { settledWithin } from '../wire/settled-within.js';
import { IllegalTransactionStateError, TransactionAbortedError } from '../producer/transaction-errors.js';
import type { KafkaTransaction, TransactionOptions, TransactionWork } from '../producer/transaction.js';
import type { TransactionalEngineApi } from '../producer/transactional-engine-api.js';
import type { LogSink } from '../wire/log-sink.js';
import { AbsentTransaction } from './absent-transaction.js';
import { ActiveTransaction } from './active-transaction.js';
import { matchesAny } from './error-matcher.js';
import { completedResult } from './observable-result.js';
import { TransactionContext, type TransactionFrame } from './transaction-context.js';
import { TransactionExecution } from './transaction-execution.js';
import { TransactionHooks } from './transaction-hooks.js';
import { TransactionMetrics } from './transaction-metrics.js';
import { type ResolvedTransactionOptions, resolveTransactionOptions } from './transaction-options.js';
import { type ProducerLease, TransactionalProducerPool } from './transactional-producer-pool.js';

/** What transactions are run with. */
export interface TransactionRunnerDependencies {
  readonly settings: TransactionsSettings;
  readonly maxBlockMs: number;
  readonly createEngine: (transactionalId: string) => Promise<TransactionalEngineApi> | TransactionalEngineApi;
  readonly log: LogSink;
}

/** Runs the transactions of one producer: who joins whom, on which producer of the pool, and what becomes of them when it closes. */
export class TransactionRunner implements ProducerTransactions {
  private readonly context = new TransactionContext();
  private readonly metricsRecorder = new TransactionMetrics();
  private readonly pool: TransactionalProducerPool;
  private readonly running = new Map<ActiveTransaction, Promise<unknown>>();
  private closing: Promise<void> | null = null;

  public constructor(private readonly dependencies: TransactionRunnerDependencies) {
    const { createEngine, log, maxBlockMs, settings } = dependencies;
    const { poolSize, transactionalIdPrefix } = settings;
    this.pool = new TransactionalProducerPool({
      createEngine,
      log,
      maxBlockMs,
      poolSize,
      transactionalIdPrefix,
      metrics: this.metricsRecorder,
    });
  }

  public sender(): RecordSender | null {
    return this.context.frame?.transaction ?? null;
  }

  public current(): KafkaTransaction | null {
    const transaction = this.context.frame?.transaction;
    return transaction?.isOpen === true ? transaction.handle : null;
  }

  public run<T>(work: TransactionWork<T>, options: TransactionOptions = {}): Promise<T> {
    try {
      if (typeof work !== 'function') {
        throw new ConfigError('transaction() takes a function to run.', 'work', undefined, 'TYPE');
      }
      return this.propagate(work, resolveTransactionOptions(options, this.dependencies.settings, 'transaction()'));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  public close(timeoutMs: number): Promise<void> {
    this.closing ??= this.shutDown(timeoutMs);
    return this.closing;
  }

  public metrics(): ProducerMetrics {
    return { ...this.pool.metrics(), ...this.metricsRecorder.read() };
  }

  public status(): TransactionPoolStatus {
    return this.pool.status();
  }

  public topicsInUse(): readonly string[] {
    return this.pool.topicsInUse();
  }

  private propagate<T>(work: TransactionWork<T>, options: ResolvedTransactionOptions): Promise<T> {
    const outer = this.context.frame?.transaction ?? null;
    if (options.propagation === 'REQUIRES_NEW') return this.begin(work, options);
    if (options.propagation === 'NOT_SUPPORTED') return this.runWithout(work);
    // The work of a transaction that was given up must not go on outside of it, nor in another.
    if (outer?.isGivenUp === true) return outer.refuseCall();
    return outer?.isOpen === true ? this.runInside(outer, work, options) : this.runOutside(work, options);
  }

  private runInside<T>(
    outer: ActiveTransaction,
    work: TransactionWork<T>,
    options: ResolvedTransactionOptions,
  ): Promise<T> {
    if (options.propagation !== 'NEVER') return this.join(outer, work, options);
    throw new IllegalTransactionStateError(
      `A call with propagation NEVER must not run inside of a transaction (${outer.transactionalId}).`,
    );
  }

  private runOutside<T>(work: TransactionWork<T>, options: ResolvedTransactionOptions): Promise<T> {
    if (options.propagation === 'REQUIRED') return this.begin(work, options);
    if (options.propagation !== 'MANDATORY') return this.runWithout(work);
    throw new IllegalTransactionStateError(
      'A call with propagation MANDATORY needs a transaction to join, and there is none.',
    );
  }

  private join<T>(
    outer: ActiveTransaction,
    work: TransactionWork<T>,
    { commitOn }: ResolvedTransactionOptions,
  ): Promise<T> {
    const call = settled(() => this.completed(work, outer.handle));
    return outer.join(call, (error) => matchesAny(error, commitOn, this.dependencies.log));
  }

  private async runWithout<T>(work: TransactionWork<T>): Promise<T> {
    const hooks = new TransactionHooks(this.dependencies.log);
    const frame: TransactionFrame = { transaction: null, suspended: this.heldByCaller() };
    try {
      const value = await this.context.run(frame, () =>
        settled(() => this.completed(work, new AbsentTransaction(hooks))),
      );
      hooks.seal();
      this.afterwards(() => hooks.runCommitted());
      return value;
    } catch (error) {
      hooks.seal();
      this.afterwards(() => hooks.runAborted(error));
      throw error;
    }
  }

  private async begin<T>(work: TransactionWork<T>, options: ResolvedTransactionOptions): Promise<T> {
    const suspended = this.heldByCaller();
    if (suspended.length >= this.dependencies.settings.poolSize) throw wouldWaitForItself(suspended.length);
    const lease = await this.pool.lease();
    try {
      if (this.closing !== null)
        throw new ProducerClosedError('The producer is closed: the application is shutting down.');
      this.metricsRecorder.timedSync('begin', () => lease.engine.beginTransaction());
    } catch (error) {
      lease.release();
      throw error;
    }
    return this.runOn(lease, work, options, suspended);
  }

  private async runOn<T>(
    lease: ProducerLease,
    work: TransactionWork<T>,
    options: ResolvedTransactionOptions,
    suspended: readonly ActiveTransaction[],
  ): Promise<T> {
    const { engine, transactionalId } = lease;
    const { log } = this.dependencies;
    const metrics = this.metricsRecorder;
    const inside = <R>(call: () => R): R => this.context.run(frame, call);
    const transaction = new ActiveTransaction({ engine, inside, log, metrics, transactionalId });
    const frame: TransactionFrame = { transaction, suspended };
    const execution = new TransactionExecution({ engine, log, metrics, options, transaction });
    const run = execution.run(() => inside(() => settled(() => this.completed(work, transaction.handle))));
    this.running.set(transaction, run);
    const { end, result } = await run;
    this.running.delete(transaction);
    lease.release();
    metrics.ended(end);
    const { hooks } = transaction;
    if (end === 'committed') this.afterwards(() => hooks.runCommitted());
    if (result.status === 'fulfilled') return result.value;
    if (end !== 'committed') this.afterwards(() => hooks.runAborted(result.reason));
    throw result.reason;
  }

  private completed<T>(work: TransactionWork<T>, transaction: KafkaTransaction): Promise<T> {
    return completedResult(work(transaction), transaction.signal, this.dependencies.log);
  }

  /** Hooks run outside of every transaction of this producer, the caller's too. */
  private afterwards(hooks: () => void): void {
    this.context.run({ transaction: null, suspended: [] }, hooks);
  }

  /** Transactions that do not go on, and so give no producer back, before the caller has. */
  private heldByCaller(): readonly ActiveTransaction[] {
    const { frame } = this.context;
    if (frame === null) return [];
    const around = frame.transaction === null ? frame.suspended : [...frame.suspended, frame.transaction];
    return around.filter((transaction) => transaction.isOpen);
  }

  private async shutDown(timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    this.pool.refuse();
    for (const transaction of this.running.keys()) transaction.giveUp(shutDownError());
    await settledWithin(Promise.all(this.running.values()), timeoutMs);
    await this.pool.close(Math.max(0, deadline - Date.now()));
  }
}

/** Like an async function, but for its own promise: it is the one that the caller gets. */
function settled<T>(call: () => T | Promise<T>): Promise<T> {
  return new Promise((resolve) => {
    resolve(call());
  });
}

function wouldWaitForItself(held: number): IllegalTransactionStateError {
  return new IllegalTransactionStateError(
    `A transaction inside of ${held === 1 ? 'another' : `${held} others`}, which wait for it, needs one more producer than transactions.poolSize allows. ` +
      `Set transactions.poolSize to ${held + 1} or more.`,
  );
}

function shutDownError(): TransactionAbortedError {
  const cause = new ProducerClosedError('The producer is closed: the application is shutting down.');
  return new TransactionAbortedError(
    'The transaction was aborted before its work had ended, because the application is shutting down.',
    { cause },
  );
}
