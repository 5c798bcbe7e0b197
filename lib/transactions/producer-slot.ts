import { ProducerClosedError } from '../producer/errors.js';
import type { ProducerMetrics } from '../producer/producer-engine-api.js';
import { ProducerFencedError } from '../producer/transaction-errors.js';
import type { TransactionalEngineApi } from '../producer/transactional-engine-api.js';
import type { LogSink } from '../wire/log-sink.js';
import { outsideTransactions } from './transaction-context.js';
import type { TransactionMetrics } from './transaction-metrics.js';

/** What a slot needs. */
export interface ProducerSlotDependencies {
  readonly createEngine: (transactionalId: string) => Promise<TransactionalEngineApi> | TransactionalEngineApi;
  readonly metrics: TransactionMetrics;
  readonly log: LogSink;
}

/** What a slot of a pool needs besides. */
export interface PooledSlotDependencies extends ProducerSlotDependencies {
  /** Why no transactional id may be initialized any more, or null. */
  readonly refusal: () => Error | null;
}

/** One transactional id of the pool, and the producer that has it at present. */
export class ProducerSlot {
  public isLeased = false;
  private engine: TransactionalEngineApi | null = null;
  private preparing: Promise<TransactionalEngineApi> | null = null;
  private isClosed = false;
  private failedAt = 0;
  /** The totals of producers that are no more. */
  private readonly pastTotals: Record<string, number> = {};

  public constructor(
    public readonly transactionalId: string,
    private readonly dependencies: PooledSlotDependencies,
  ) {}

  /** Whether a transaction could begin without waiting for a broker. */
  public get isReady(): boolean {
    return this.preparing === null && this.engine?.transactionalState === 'ready';
  }

  /** When the broker will have got over the last transaction, by `performance.now()`. */
  public get restedAt(): number {
    return this.engine?.restedAt ?? 0;
  }

  /** Whether there is a producer, or there will be. */
  public get isMade(): boolean {
    return this.engine !== null || this.preparing !== null;
  }

  /** What its producer waits for at the brokers, for logs; null when for nothing. */
  public get pendingWork(): string | null {
    if (!this.isLeased && !this.isPreparing) return null;
    const pending = this.engine?.pendingWork ?? null;
    return pending === null ? null : `${this.transactionalId} (${this.engine?.transactionalState}): ${pending}`;
  }

  /** For how long the oldest of that has been waited for, in milliseconds. */
  public get oldestPendingMs(): number {
    return this.isLeased || this.isPreparing ? (this.engine?.oldestPendingMs ?? 0) : 0;
  }

  /** Its producer cannot go on, and is replaced when the next transaction needs it. */
  public get hasFailed(): boolean {
    return this.engine?.transactionalState === 'fatal';
  }

  /** Topics that its producer has sent to. */
  public get topicsInUse(): readonly string[] {
    return this.engine?.topicsInUse() ?? [];
  }

  public get isPreparing(): boolean {
    return this.preparing !== null;
  }

  /** The last transaction has ended without a confirmation. */
  public get isUninitialized(): boolean {
    return this.engine?.transactionalState === 'uninitialized';
  }

  /**
   * When its last preparation has failed, by `performance.now()`; 0 when it has not. One that cannot go on is not counted: what is wrong with it, such as
   * a missing right, is usually wrong with all.
   */
  public get lastFailureAt(): number {
    return this.hasFailed ? 0 : this.failedAt;
  }

  /** Why nobody in this process may use the transactional id any more, or null. */
  public get fencedBy(): ProducerFencedError | null {
    const error = this.engine?.transactionError;
    return this.engine?.transactionalState === 'fatal' && error instanceof ProducerFencedError ? error : null;
  }

  /**
   * Gives a producer with which a transaction can begin. Called again before it has, it waits for the same one: `initTransactions` twice at once
   * would fence itself.
   */
  public prepare(): Promise<TransactionalEngineApi> {
    if (this.engine !== null && this.isReady) return Promise.resolve(this.engine);
    this.preparing ??= outsideTransactions(() => this.tryToMakeReady()).finally(() => {
      this.preparing = null;
    });
    return this.preparing;
  }

  /** @param timeoutMs see `ProducerEngineApi.close` */
  public async close(timeoutMs: number): Promise<void> {
    this.isClosed = true;
    if (this.engine !== null) return this.closeEngine(this.engine, timeoutMs);
    // One that is being made is closed as soon as it is there.
    await this.preparing?.catch(() => undefined);
  }

  /** Adds the totals of all producers that this slot has had. */
  public addTotals(totals: Record<string, number>): void {
    add(totals, this.pastTotals);
    if (this.engine !== null) add(totals, this.engine.metrics());
  }

  private async tryToMakeReady(): Promise<TransactionalEngineApi> {
    try {
      const engine = await this.makeReady();
      this.failedAt = 0;
      return engine;
    } catch (error) {
      this.failedAt = performance.now();
      throw error;
    }
  }

  private async makeReady(): Promise<TransactionalEngineApi> {
    const { createEngine, metrics, refusal } = this.dependencies;
    const { fencedBy } = this;
    // A new producer would take the transactional id back.
    if (fencedBy !== null) throw fencedBy;
    await this.retireUnusable();
    const engine = this.engine ?? (await createEngine(this.transactionalId));
    this.engine = engine;
    if (this.isClosed) {
      await this.closeEngine(engine, 0);
      throw new ProducerClosedError('The producer was closed before the transaction began.');
    }
    const refused = refusal();
    if (refused !== null) throw refused;
    if (engine.transactionalState !== 'ready') await metrics.timed('init', () => engine.initTransactions());
    return engine;
  }

  private async retireUnusable(): Promise<void> {
    const { engine } = this;
    if (engine === null || engine.transactionalState === 'ready' || engine.transactionalState === 'uninitialized')
      return;
    this.engine = null;
    add(this.pastTotals, engine.metrics());
    await this.closeEngine(engine, 0);
  }

  private async closeEngine(engine: TransactionalEngineApi, timeoutMs: number): Promise<void> {
    try {
      await engine.close(timeoutMs);
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown error';
      this.dependencies.log.error(`The producer '${this.transactionalId}' did not close cleanly: ${reason}`);
    }
  }
}

function add(totals: Record<string, number>, metrics: ProducerMetrics): void {
  for (const [name, value] of Object.entries(metrics)) {
    if (name.endsWith('-total')) totals[name] = (totals[name] ?? 0) + value;
  }
}
