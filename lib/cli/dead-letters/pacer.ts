/** Spreads work evenly over time. */
export class Pacer {
  private nextAt = 0;

  /** @param perSecond null: as fast as it goes */
  public constructor(private readonly perSecond: number | null) {}

  /**
   * Takes a turn.
   * @returns milliseconds until it is due
   */
  public take(now: number): number {
    if (this.perSecond === null) return 0;
    // After a pause there is nothing to catch up with.
    const at = Math.max(this.nextAt, now);
    this.nextAt = at + 1_000 / this.perSecond;
    return at - now;
  }
}
