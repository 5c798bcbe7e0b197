import type { ConsumedRecord } from '../consumed-record.js';

/** A record whose handler has failed. */
export interface FailedRecord {
  readonly record: ConsumedRecord;
  /** Of the last attempt. */
  readonly error: unknown;
  /** Attempts so far, at least 1. */
  readonly attempts: number;
  /** Milliseconds since the epoch. */
  readonly firstFailedAt: number;
  readonly groupId: string;
  readonly listenerId: string;
}

/** What becomes of a failed record. */
export type RecoveryDecision =
  | { readonly action: 'retry'; readonly delayMs: number }
  /** It goes to the dead-letter topic, and then counts as done. */
  | { readonly action: 'dead-letter' }
  /** The listener stops before the record, and reports that it is down. */
  | { readonly action: 'stop' };

/** Decides about failed records, and takes those that are given up. */
export interface RecoveryPolicy {
  /** What it throws stops the listener before the record, with that error. */
  decide(failed: FailedRecord): RecoveryDecision;
  /**
   * Stores the record in the dead-letter topic; in the transaction of the caller, if there is one.
   * @throws (as a rejection) when it was not stored: the record is not done then, and this is tried again with back-off
   */
  deadLetter(failed: FailedRecord): Promise<void>;
}
