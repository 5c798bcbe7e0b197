import { Catch, type ExceptionFilter, UseFilters } from '@nestjs/common';
import { AsyncLocalStorage } from 'node:async_hooks';

/** What was seen during one call of a handler. */
export interface WitnessedCall {
  /** The last error that reached Nest's exception filters, or null. */
  seen: { readonly error: unknown } | null;
}

const storage = new AsyncLocalStorage<WitnessedCall>();
const witnesses = new WeakMap<object, ErrorWitness>();

/**
 * Sees the errors of a handler, its guards, pipes and interceptors before Nest hides them: what no filter catches leaves Nest as `{ status, message: 'Internal server
 * error' }`, by which nobody can tell whether another attempt is worth its time.
 *
 * It stands among the method's exception filters as one that asks each error for its class and never matches, so it changes nothing.
 */
export class ErrorWitness {
  /** The call in progress that has no storage: one may do without, and most listeners have no second at a time. */
  private alone: WitnessedCall | null = null;

  private constructor() {}

  /** One for each method, however many applications and subclasses have it. To be called before Nest looks at the filters of the method. */
  public static of(prototype: object, name: string, method: object): ErrorWitness {
    const known = witnesses.get(method);
    if (known !== undefined) return known;
    const witness = new ErrorWitness();
    witnesses.set(method, witness);
    UseFilters(witness.createFilter())(prototype, name, { value: method });
    return witness;
  }

  /** A witness of nothing, for handlers that are no methods. */
  public static none(): ErrorWitness {
    return new ErrorWitness();
  }

  /** Calls the handler; from then on `call.seen` tells. */
  public async watch(call: WitnessedCall, work: () => Promise<void>): Promise<void> {
    // Where promises are slow to follow (before Node 24) the storage costs every one of them.
    if (this.alone !== null || storage.getStore() !== undefined) return storage.run(call, work);
    this.alone = call;
    try {
      await work();
    } finally {
      this.alone = null;
    }
  }

  private note(error: unknown): void {
    const call = storage.getStore() ?? this.alone;
    if (call !== null) call.seen = { error };
  }

  private createFilter(): ExceptionFilter {
    const note = (error: unknown): void => this.note(error);
    class AnyError {
      public static [Symbol.hasInstance](error: unknown): boolean {
        note(error);
        return false;
      }
    }
    @Catch(AnyError)
    class WitnessFilter implements ExceptionFilter {
      public catch(): void {}
    }
    return new WitnessFilter();
  }
}
