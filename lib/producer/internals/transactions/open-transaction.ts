import { TransactionPartitions } from './transaction-partitions.js';

/** What is known of the transaction that is open, or of the last one until its end is certain. */
export class OpenTransaction {
  public readonly partitions = new TransactionPartitions();
  /** Consumer groups that the coordinator knows to be part of it. */
  public readonly groups = new Set<string>();
  /** Nothing is announced to the coordinator: with protocol 2 the brokers do that, at once when the former transaction is complete. */
  public isDirect = false;
  /** How long the first batch takes will tell whether the former transaction was complete. */
  public firstBatchIsDue = false;
  /** It does know of it: it has said so, or a broker has stored a record, which it does not before it has told the coordinator. */
  public isConfirmed = false;
  /** The coordinator has refused the epoch. */
  public isEpochLost = false;
  /**
   * Records were given up whose sequence numbers were used, or a request went unanswered that may arrive later: with protocol 1 the next transaction needs
   * another epoch.
   */
  public hasStrays = false;
  /** An attempt to end it may have been carried out, and its answer did not tell. */
  public isEndUncertain = false;
  /** When its end was first asked for, in milliseconds since 1970. */
  public endAskedAt = 0;
  /** When it began by the coordinator's clock, where the coordinator has been asked while it was open. */
  public startTimeMs: bigint | null = null;
  private firstRequestAt: number | null = null;

  /** The coordinator may know of the transaction: it has to be ended there. */
  public get isRegistered(): boolean {
    return this.firstRequestAt !== null;
  }

  /** Before when it cannot have begun at the coordinator, in milliseconds since 1970. */
  public get registeredAt(): number {
    return this.firstRequestAt ?? 0;
  }

  /** To be called before the first request that makes it known. */
  public register(): void {
    this.firstRequestAt ??= Date.now();
  }
}
