/** Gathers what several parts report of their troubles: the consumer is well when no part has trouble. */
export class TroubleBoard {
  private readonly troubles = new Map<string, Error>();

  /** @param tell called with the latest trouble, and with null when the last one has passed */
  public constructor(private readonly tell: (error: Error | null) => void) {}

  /** The latest that has not passed. */
  public get current(): Error | null {
    return [...this.troubles.values()].at(-1) ?? null;
  }

  public report(part: string, error: Error | null): void {
    if (error === null) {
      if (this.troubles.delete(part)) this.tell(this.current);
      return;
    }
    this.troubles.delete(part);
    this.troubles.set(part, error);
    this.tell(error);
  }
}
