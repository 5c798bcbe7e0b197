/** What a broker with the default `add.partitions.to.txn.retry.backoff.ms` (20 ms) takes at least when a batch has come too early. */
const HELD_MS = 15;
const FIRST_REST_MS = 10;
const SHORTEST_REST_MS = 1;
const LONGEST_REST_MS = 100;
const SHORTER = 0.998;
const LONGER = 2;

/**
 * How long to let a transactional id rest after the end of a transaction. The coordinator answers the end before it has written the markers; a batch that comes
 * earlier (protocol 2, without AddPartitionsToTxn) is not refused but held for 20 ms. What is held makes the rest longer, what is not makes it a little shorter, so
 * that about one in 300 is.
 */
export class CompletionPace {
  private restMs = FIRST_REST_MS;
  private endedAt = 0;

  /** From when on the former transaction is probably complete at the broker, in milliseconds of `performance.now()`; 0 before the first. */
  public get restedAt(): number {
    return this.endedAt === 0 ? 0 : this.endedAt + this.restMs;
  }

  public transactionEnded(): void {
    this.endedAt = performance.now();
  }

  /** @param ms how long the first batch took that went out after a rest */
  public firstBatchTook(ms: number): void {
    this.restMs =
      ms >= HELD_MS
        ? Math.min(this.restMs * LONGER, LONGEST_REST_MS)
        : Math.max(this.restMs * SHORTER, SHORTEST_REST_MS);
  }
}
