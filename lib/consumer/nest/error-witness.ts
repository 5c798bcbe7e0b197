import { Catch, type ExceptionFilter, UseFilters } from '@nestjs/common';

import { type SeenError, type SeenErrors, WitnessedCall } from './witnessed-call.js';

const witnesses = new WeakMap<object, ErrorWitness>();

/**
 * Sees the errors of a handler, its guards, pipes and interceptors before Nest hides them: what no filter catches leaves Nest as `{ status, message: 'Internal server
 * error' }`, by which nobody can tell whether another attempt is worth its time.
 *
 * It stands among the method's exception filters as one that asks each error for its class and never matches, so it changes nothing. An AsyncLocalStorage could tell whose error it
 * is for certain; before Node 24 it costs every promise of the process, and a listener more than its handler.
 */
export class ErrorWitness implements SeenErrors {
  private readonly inProgress = new Set<WitnessedCall>();
  private errors: SeenError[] = [];

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

  /** A call begins; it has to `end`. */
  public begin(): WitnessedCall {
    const call = new WitnessedCall(this);
    this.inProgress.add(call);
    return call;
  }

  public claim(call: WitnessedCall): SeenError | null {
    const index = this.errors.findIndex(({ calls }) => calls.has(call));
    const [seen = null] = index < 0 ? [] : this.errors.splice(index, 1);
    return seen;
  }

  public forget(call: WitnessedCall): void {
    this.inProgress.delete(call);
    if (this.errors.length === 0) return;
    // A user's own filter has caught what nobody claims.
    for (const { calls } of this.errors) calls.delete(call);
    this.errors = this.errors.filter(({ calls }) => calls.size > 0);
  }

  private createFilter(): ExceptionFilter {
    const note = (error: unknown): void => {
      if (this.inProgress.size > 0) this.errors.push({ error, calls: new Set(this.inProgress) });
    };
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
