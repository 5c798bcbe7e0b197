/** An error that reached Nest's exception filters, and the calls of the handler that were in progress then: it belongs to one of them. */
export interface SeenError {
  readonly error: unknown;
  readonly calls: Set<WitnessedCall>;
}

/** Who has seen the errors of a handler. */
export interface SeenErrors {
  /** The first that may belong to the call, and nobody else's from now on; null when there is none. */
  claim(call: WitnessedCall): SeenError | null;
  forget(call: WitnessedCall): void;
}

/** One call of a handler, from its begin to its end. */
export class WitnessedCall {
  private seen: SeenError | null = null;

  public constructor(private readonly errors: SeenErrors) {}

  /**
   * What Nest has made of `hidden`, by what the call has failed with: the last error that reached the filters in this call; `hidden` itself when there was none. Errors leave Nest in the
   * order in which they reached the filters, so of several calls that fail at the same time the first takes the first.
   */
  public original(hidden: unknown): unknown {
    this.seen ??= this.errors.claim(this);
    return this.seen === null ? hidden : this.seen.error;
  }

  public end(): void {
    this.errors.forget(this);
  }
}
