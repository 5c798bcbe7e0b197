const JITTER = 0.2;

/**
 * Exponential back-off: initial * 2^(attempts - 1), at most the maximum, times 0.8 to 1.2 (KIP-580, Kafka's `ExponentialBackoff`).
 */
export class RetryBackoff {
  public constructor(
    private readonly initialMs: number,
    private readonly maximumMs: number,
    private readonly random: () => number = Math.random,
  ) {}

  /** @param attempts how many have failed; 0 means no wait */
  public delay(attempts: number): number {
    if (attempts <= 0) return 0;
    const exponential = Math.min(this.initialMs * 2 ** Math.min(attempts - 1, 30), this.maximumMs);
    return Math.min(exponential * (1 - JITTER + 2 * JITTER * this.random()), this.maximumMs);
  }
}
