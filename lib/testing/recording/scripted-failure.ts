import type { RecordedRecord } from './recorded-record.js';
import type { RecordedOffsets, RecordedTransaction } from './recorded-transaction.js';

/** What can be made to fail, and what a condition for it gets to see. */
export interface ScriptedCalls {
  /** A record, at the moment when it would be stored. */
  readonly send: RecordedRecord;
  /** Getting ready for a transaction: no coordinator answers, or another process has taken over. */
  readonly begin: { readonly transactionalId: string };
  readonly sendOffsets: RecordedOffsets;
  readonly commit: RecordedTransaction;
  readonly abort: RecordedTransaction;
}

/** The name of a call that can be made to fail. */
export type ScriptedCall = keyof ScriptedCalls;

/** With what calls fail, and how many. */
export interface ScriptedFailureOptions {
  /**
   * What the call fails with. Its class decides what follows, as with a broker: after a `ProducerFencedError` no transaction succeeds any more, after a
   * `TransactionOutcomeUnknownError` of the commit the transaction is `unknown`. Default: `DeliveryError` for `send`, `KafkaTimeoutError` for `begin` and
   * `abort`, `CommitFailedError` for `sendOffsets`, `TransactionAbortedError` for `commit`.
   */
  readonly error?: Error | undefined;
  /** Which of the matching calls is the first to fail, from 1. Default 1. */
  readonly nth?: number | undefined;
  /** How many fail from then on. Default: all. */
  readonly times?: number | undefined;
}

/** A failure that a test has asked for. */
export interface ScriptedFailure {
  /** How many calls it has made fail. */
  readonly count: number;
  /** From now on it makes none fail. */
  remove(): void;
}
