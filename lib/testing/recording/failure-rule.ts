import type { ScriptedFailure, ScriptedFailureOptions } from './scripted-failure.js';

/** A scripted failure of one kind of call. */
export class FailureRule<S> implements ScriptedFailure {
  public readonly error: Error | null;
  private matched = 0;
  private failed = 0;
  private isRemoved = false;
  private readonly nth: number;
  private readonly times: number;

  /** @throws RangeError */
  public constructor(
    private readonly matches: (subject: S) => boolean,
    { error, nth = 1, times = Number.POSITIVE_INFINITY }: ScriptedFailureOptions,
  ) {
    if (!(nth >= 1)) throw new RangeError(`nth counts from 1, got ${nth}.`);
    if (!(times >= 1)) throw new RangeError(`times must be at least 1, got ${times}.`);
    this.error = error ?? null;
    this.nth = nth;
    this.times = times;
  }

  public get count(): number {
    return this.failed;
  }

  public remove(): void {
    this.isRemoved = true;
  }

  /**
   * Whether it makes this call fail.
   * @param isTaken another rule does already: the call counts all the same
   */
  public offer(subject: S, isTaken: boolean): boolean {
    if (this.isRemoved || !this.matches(subject)) return false;
    this.matched += 1;
    if (isTaken || this.matched < this.nth || this.failed >= this.times) return false;
    this.failed += 1;
    return true;
  }
}
