/** What has changed in a longer time says nothing about now. */
const LONGEST_MS = 5_000;

/** How fast a count grows. */
export class Rate {
  private before: { readonly count: number; readonly at: number } | null = null;

  /** @returns per second since the last call, 0 the first time, after a long pause, and for a count that has fallen */
  public next(count: number, now = performance.now()): number {
    const { before } = this;
    this.before = { count, at: now };
    if (before === null || now <= before.at || now > before.at + LONGEST_MS) return 0;
    return Math.max(0, Math.round(((count - before.count) * 1000) / (now - before.at)));
  }
}
