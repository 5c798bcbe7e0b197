import { AsyncLocalStorage } from 'node:async_hooks';
import type { ActiveTransaction } from './active-transaction.js';

/** What a piece of code runs in, as far as one producer is concerned. */
export interface TransactionFrame {
  /** null: it was asked to run without one. */
  readonly transaction: ActiveTransaction | null;
  /** Transactions further out, which wait for this code to end. */
  readonly suspended: readonly ActiveTransaction[];
}

type Frames = ReadonlyMap<TransactionContext, TransactionFrame>;

/** One for the whole process: each of them costs every promise. */
const storage = new AsyncLocalStorage<Frames | undefined>();

/** Travels with the calls and promises of code that one producer runs in a transaction. Several producers, or applications, never see each other's. */
export class TransactionContext {
  public get frame(): TransactionFrame | null {
    return storage.getStore()?.get(this) ?? null;
  }

  /** Calls inside of a frame. A frame around it is hidden meanwhile, so a chain of calls that outlive their transactions does not grow. */
  public run<T>(frame: TransactionFrame, call: () => T): T {
    return storage.run(new Map([...(storage.getStore() ?? []), [this, frame]]), call);
  }
}

/**
 * Calls outside of every transaction of every producer. For what opens connections and starts timers: they would carry the frame of whoever
 * came first, and so would all that they ever call.
 */
export function outsideTransactions<T>(call: () => T): T {
  return storage.getStore() === undefined ? call() : storage.run(undefined, call);
}
