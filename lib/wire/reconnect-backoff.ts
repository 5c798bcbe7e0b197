interface FailedNode {
  failures: number;
  until: number;
}

/** Exponential back-off per broker with 20 % jitter (`reconnect.backoff.ms`, `reconnect.backoff.max.ms`; KIP-580). */
export class ReconnectBackoff {
  private readonly nodes = new Map<number, FailedNode>();

  public constructor(
    private readonly initialMs: number,
    private readonly maximumMs: number,
    private readonly random: () => number = Math.random,
  ) {}

  public failed(nodeId: number, now: number): void {
    const failures = (this.nodes.get(nodeId)?.failures ?? 0) + 1;
    const ms = Math.min(this.initialMs * 2 ** (failures - 1), Math.max(this.maximumMs, this.initialMs));
    this.nodes.set(nodeId, { failures, until: now + ms * (0.8 + 0.4 * this.random()) });
  }

  public succeeded(nodeId: number): void {
    this.nodes.delete(nodeId);
  }

  /** Milliseconds until the next attempt is due; 0 = now. */
  public remaining(nodeId: number, now: number): number {
    return Math.max(0, (this.nodes.get(nodeId)?.until ?? 0) - now);
  }
}
