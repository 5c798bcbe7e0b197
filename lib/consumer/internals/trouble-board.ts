/** Gathers what several parts report of their troubles: the consumer is well when no part has trouble. */
export class TroubleBoard {
  private readonly troubles = new Map<string, Error>();
  private since: number | null = null;

  /** @param tell called with the latest trouble, and with null when the last one has passed */
  public constructor(private readonly tell: (error: Error | null) => void) {}

  /** The latest that has not passed. */
  public get current(): Error | null {
    return [...this.troubles.values()].at(-1) ?? null;
  }

  /** When the first of those came that have not passed; milliseconds since the epoch, null when all is well. */
  public get troubledSince(): number | null {
    return this.since;
  }

  public report(part: string, error: Error | null): void {
    if (error === null) {
      if (!this.troubles.delete(part)) return;
      if (this.troubles.size === 0) this.since = null;
      this.tell(this.current);
      return;
    }
    this.since ??= Date.now();
    this.troubles.delete(part);
    this.troubles.set(part, error);
    this.tell(error);
  }
}
