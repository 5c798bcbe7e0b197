/** What a broker with the default `add.partitions.to.txn.retry.backoff.ms` (20 ms) takes at least for a batch that has come too early. */
const HELD_MS = 18;
const FIRST_LATE_MS = 6;
const FORGETTING = 0.99;
const MARGIN = 1.5;
const SHORTEST_REST_MS = 2;
const LONGEST_REST_MS = 60;

/**
 * How long to let a transactional id rest after the end of a transaction. The coordinator answers the end before it has written the markers; a batch that comes
 * earlier (protocol 2, without AddPartitionsToTxn) is not refused but held for 20 ms. How long the markers take is learned from refusals and from batches that were
 * held, and slowly forgotten.
 */
export class CompletionPace {
  /** The longest time after an end at which the transaction was seen not to be complete yet. */
  private lateMs = FIRST_LATE_MS;
  private endedAt = 0;
  private begunAfterMs = Number.POSITIVE_INFINITY;

  /** From when on the former transaction is probably complete at the broker, in milliseconds of `performance.now()`; 0 before the first. */
  public get restedAt(): number {
    return this.endedAt === 0 ? 0 : this.endedAt + Math.max(SHORTEST_REST_MS, this.lateMs * MARGIN);
  }

  public transactionBegun(): void {
    this.begunAfterMs = this.sinceEnd();
    this.lateMs *= FORGETTING;
  }

  public transactionEnded(): void {
    this.endedAt = performance.now();
  }

  /** CONCURRENT_TRANSACTIONS: the former transaction is not complete. */
  public refused(): void {
    this.isLate(this.sinceEnd());
  }

  /** @param ms how long the first batch took that went out after a rest */
  public firstBatchTook(ms: number): void {
    if (ms >= HELD_MS) this.isLate(this.begunAfterMs);
  }

  private sinceEnd(): number {
    return this.endedAt === 0 ? Number.POSITIVE_INFINITY : performance.now() - this.endedAt;
  }

  private isLate(ms: number): void {
    // After so long it is something else that was slow.
    if (ms * MARGIN <= LONGEST_REST_MS) this.lateMs = Math.max(this.lateMs, ms);
  }
}
