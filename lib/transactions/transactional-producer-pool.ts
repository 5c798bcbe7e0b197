import { ProducerClosedError } from '../producer/errors.js';
import type { ProducerMetrics, TransactionPoolStatus } from '../producer/producer-engine-api.js';
import { ProducerFencedError, TransactionPoolExhaustedError } from '../producer/transaction-errors.js';
import type { TransactionalEngineApi } from '../producer/transactional-engine-api.js';
import { LeaseQueue } from './lease-queue.js';
import { ProducerSlot, type ProducerSlotDependencies } from './producer-slot.js';

/** What a pool is made of. */
export interface TransactionalProducerPoolDependencies extends ProducerSlotDependencies {
  readonly transactionalIdPrefix: string;
  readonly poolSize: number;
  /** How long a lease may wait for a slot. */
  readonly maxBlockMs: number;
}

/** A producer for one transaction. */
export interface ProducerLease {
  readonly transactionalId: string;
  readonly engine: TransactionalEngineApi;
  /** To be called once, when the transaction has ended in whatever way. */
  release(): void;
}

/**
 * Lends producers, each to one transaction at a time. They are made when they are first needed; a failed one is replaced. When another process takes
 * over one of the transactional ids it will want them all: then this pool lends none any more, and takes none back.
 */
export class TransactionalProducerPool {
  private readonly queue = new LeaseQueue<ProducerSlot>();
  private readonly slots: readonly ProducerSlot[];
  private fenced: ProducerFencedError | null = null;
  private closed: ProducerClosedError | null = null;
  private lastError: Error | null = null;

  public constructor(private readonly dependencies: TransactionalProducerPoolDependencies) {
    const { poolSize, transactionalIdPrefix } = dependencies;
    this.slots = Array.from(
      { length: poolSize },
      (_, index) =>
        new ProducerSlot(`${transactionalIdPrefix}${index}`, { ...dependencies, refusal: () => this.refusal }),
    );
  }

  /**
   * @throws (as a rejection) `TransactionPoolExhaustedError` when all were in use for `maxBlockMs`; `ProducerFencedError`; `ProducerClosedError`; what
   * `createEngine` and `initTransactions` failed with
   */
  public async lease(): Promise<ProducerLease> {
    if (this.refusal !== null) throw this.refusal;
    const slot = this.takeFree() ?? (await this.queue.wait(this.dependencies.maxBlockMs, () => this.exhausted()));
    try {
      const engine = await this.prepare(slot);
      if (this.refusal !== null) throw this.refusal;
      return { transactionalId: slot.transactionalId, engine, release: () => this.release(slot) };
    } catch (error) {
      this.giveBack(slot);
      throw error;
    }
  }

  /** Lends none any more, and refuses all who wait. */
  public refuse(): void {
    this.closed ??= new ProducerClosedError('The producer is closed: the application is shutting down.');
    this.queue.rejectAll(this.closed);
  }

  /** Closes every producer, in use or not. */
  public async close(timeoutMs: number): Promise<void> {
    this.refuse();
    await Promise.all(this.slots.map((slot) => slot.close(timeoutMs)));
  }

  /** The totals of all producers that there were. */
  public metrics(): ProducerMetrics {
    const totals: Record<string, number> = {};
    for (const slot of this.slots) slot.addTotals(totals);
    return totals;
  }

  public status(): TransactionPoolStatus {
    return {
      poolSize: this.slots.length,
      leased: this.slots.filter((slot) => slot.isLeased).length,
      waiting: this.queue.size,
      fenced: this.fenced !== null,
      failed: this.slots.filter((slot) => slot.hasFailed).length,
      lastError: this.lastError?.message ?? null,
      oldestPendingMs: Math.max(...this.slots.map((slot) => slot.oldestPendingMs)),
      pendingWork: this.slots.flatMap(({ pendingWork }) => pendingWork ?? []),
    };
  }

  /** The topics that its producers have sent to. */
  public topicsInUse(): readonly string[] {
    return [...new Set(this.slots.flatMap((slot) => slot.topicsInUse))];
  }

  /** The lowest, so that no more are made than are needed at a time; but rather one that need not ask a broker first, nor wait for it. */
  private takeFree(): ProducerSlot | null {
    const free = this.slots.filter((slot) => !slot.isLeased);
    const ready = mostRested(free.filter(({ isReady }) => isReady));
    const slot = ready ?? mostPromising(free);
    if (slot === undefined) return null;
    slot.isLeased = true;
    if (ready !== undefined && ready.restedAt > performance.now()) this.grow(free);
    return slot;
  }

  /** Transactions follow each other faster than a broker completes them: with one more producer in turn they need not wait for that. */
  private grow(free: readonly ProducerSlot[]): void {
    if (this.slots.some(({ isPreparing }) => isPreparing)) return;
    const next = free.find(({ isMade }) => !isMade);
    if (next !== undefined) this.prepareInBackground(next);
  }

  private async prepare(slot: ProducerSlot): Promise<TransactionalEngineApi> {
    try {
      const engine = await slot.prepare();
      this.lastError = null;
      return engine;
    } catch (error) {
      if (this.closed === null) this.lastError = error instanceof Error ? error : new Error(String(error));
      if (error instanceof ProducerFencedError) throw this.fence(error);
      throw error;
    }
  }

  private release(slot: ProducerSlot): void {
    if (slot.fencedBy !== null) this.fence(slot.fencedBy);
    else if (slot.isUninitialized && this.refusal === null) this.prepareInBackground(slot);
    this.giveBack(slot);
  }

  /** What the last transaction has left open keeps readers from everything behind it: not to wait for the next one to end it. */
  private prepareInBackground(slot: ProducerSlot): void {
    this.prepare(slot).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : 'unknown error';
      this.dependencies.log.debug(`'${slot.transactionalId}' is not ready for its next transaction yet: ${reason}`);
    });
  }

  private giveBack(slot: ProducerSlot): void {
    if (!this.queue.hand(slot)) slot.isLeased = false;
  }

  private fence(cause: ProducerFencedError): ProducerFencedError {
    if (this.fenced !== null) return this.fenced;
    const { log, transactionalIdPrefix } = this.dependencies;
    this.fenced = new ProducerFencedError(
      `Another producer, usually in another process, uses transactionalIdPrefix '${transactionalIdPrefix}' and has taken over. This one runs no more transactions. ` +
        'If it has not been replaced for good, give each its own prefix and start this process again.',
      { cause },
    );
    log.error(this.fenced.message);
    this.queue.rejectAll(this.fenced);
    return this.fenced;
  }

  /** Why no transaction may begin any more, or null. */
  private get refusal(): Error | null {
    return this.closed ?? this.fenced;
  }

  private exhausted(): TransactionPoolExhaustedError {
    const { maxBlockMs, poolSize } = this.dependencies;
    return new TransactionPoolExhaustedError(
      `No producer for a transaction was free for maxBlockMs (${maxBlockMs} ms): all ${poolSize} were in use. Raise transactions.poolSize, run fewer ` +
        'transactions at a time, or shorten them. One that waits for a REQUIRES_NEW call inside of it takes two.',
    );
  }
}

/**
 * One whose coordinator could not be reached last time comes after all others: each id has its own, and another one's may be well. Of several such, the one that
 * has failed first.
 */
function mostPromising(slots: readonly ProducerSlot[]): ProducerSlot | undefined {
  const [first] = slots.toSorted(
    (one, other) => one.lastFailureAt - other.lastFailureAt || Number(one.isPreparing) - Number(other.isPreparing),
  );
  return first;
}

/** The first that has rested, or else the one that will have first. */
function mostRested(slots: readonly ProducerSlot[]): ProducerSlot | undefined {
  const now = performance.now();
  const waits = (slot: ProducerSlot): number => Math.max(0, slot.restedAt - now);
  return slots.reduce<ProducerSlot | undefined>(
    (best, slot) => (best === undefined || waits(slot) < waits(best) ? slot : best),
    undefined,
  );
}
