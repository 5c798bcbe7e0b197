const WINDOW_MS = 30_000;

interface Window {
  readonly startedAt: number;
  sum: number;
  count: number;
  maximum: number;
}

/**
 * Total, rate, average and maximum of a stream of values; all but the total over the current and the previous window of 30 seconds, as
 * Kafka's `Rate`, `Avg` and `Max` with their two samples.
 */
export class WindowedStatistic {
  private current: Window | null = null;
  private previous: Window | null = null;
  private sum = 0;

  public get total(): number {
    return this.sum;
  }

  public record(now: number, value: number): void {
    const window =
      this.roll(now) ?? (this.current = { startedAt: now, sum: 0, count: 0, maximum: Number.NEGATIVE_INFINITY });
    window.sum += value;
    window.count++;
    if (value > window.maximum) window.maximum = value;
    this.sum += value;
  }

  /** Per second. */
  public rate(now: number): number {
    const windows = this.windows(now);
    const oldest = windows[0];
    if (oldest === undefined) return 0;
    const elapsedMs = Math.max(now - oldest.startedAt, WINDOW_MS);
    return (windows.reduce((sum, window) => sum + window.sum, 0) * 1000) / elapsedMs;
  }

  /** 0 without values. */
  public average(now: number): number {
    const windows = this.windows(now);
    const count = windows.reduce((sum, window) => sum + window.count, 0);
    return count === 0 ? 0 : windows.reduce((sum, window) => sum + window.sum, 0) / count;
  }

  /** 0 without values. */
  public maximum(now: number): number {
    const windows = this.windows(now);
    return windows.length === 0 ? 0 : Math.max(...windows.map((window) => window.maximum));
  }

  private windows(now: number): Window[] {
    this.roll(now);
    return [this.previous, this.current].filter((window) => window !== null);
  }

  private roll(now: number): Window | null {
    const { current } = this;
    if (current !== null && now - current.startedAt < WINDOW_MS) return current;
    this.previous = current !== null && now - current.startedAt < 2 * WINDOW_MS ? current : null;
    this.current = null;
    return null;
  }
}
