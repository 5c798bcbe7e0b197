const IMPROVING_STEP = 0.005;
const DETERIORATE_STEP = 0.05;

/**
 * What a codec makes of a topic's records, learned from finished batches; pessimism is learned ten times faster than optimism (Kafka's
 * `CompressionRatioEstimator`).
 */
export class CompressionRatioEstimator {
  private readonly ratios = new Map<string, number>();

  public estimate(topic: string): number {
    return this.ratios.get(topic) ?? 1;
  }

  public observe(topic: string, ratio: number): void {
    const current = this.estimate(topic);
    const step = ratio > current ? current + DETERIORATE_STEP : current - IMPROVING_STEP;
    this.ratios.set(topic, Math.max(step, ratio));
  }

  /** After a batch proved too large for the broker. */
  public reset(topic: string, ratio: number): void {
    this.ratios.set(topic, Math.max(1, ratio));
  }
}
