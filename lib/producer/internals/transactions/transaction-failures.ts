import { BrokerResponseError } from '../../../wire/broker-response-error.js';
import { UnsupportedBrokerError } from '../../../wire/connection-errors.js';
import { ErrorCode } from '../../../wire/error-codes.js';
import { KafkaTimeoutError, ProducerFatalError } from '../../errors.js';
import {
  CommitFailedError,
  ProducerFencedError,
  TransactionAbortedError,
  TransactionOutcomeUnknownError,
} from '../../transaction-errors.js';

/**
 * The coordinator does not know this id and epoch any more: it has ended a transaction that took too long, it has forgotten the id, or another producer
 * has taken over. The code does not tell which.
 */
const EPOCH_LOST: ReadonlySet<number> = new Set([
  ErrorCode.INVALID_PRODUCER_EPOCH,
  ErrorCode.INVALID_PRODUCER_ID_MAPPING,
  ErrorCode.PRODUCER_FENCED,
]);

/** The consumer group has moved on without this member. */
const MEMBER_LOST: ReadonlySet<number> = new Set([
  ErrorCode.ILLEGAL_GENERATION,
  ErrorCode.UNKNOWN_MEMBER_ID,
  ErrorCode.REBALANCE_IN_PROGRESS,
  ErrorCode.FENCED_INSTANCE_ID,
]);

export function isEpochLost(error: unknown): boolean {
  return error instanceof BrokerResponseError && EPOCH_LOST.has(error.code);
}

/** There is no such transaction to be ended: the coordinator has ended it, or it was empty. */
export function isNotOngoing(error: unknown): boolean {
  return error instanceof BrokerResponseError && error.code === ErrorCode.INVALID_TXN_STATE;
}

/** No transaction of this producer can succeed: no rights, settings the broker refuses, a broker that is too old. */
export function isFatal(error: unknown): boolean {
  if (error instanceof ProducerFatalError || error instanceof UnsupportedBrokerError) return true;
  return error instanceof BrokerResponseError && error.category === 'fatal' && !EPOCH_LOST.has(error.code);
}

export function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** What the user is told of an error of `sendOffsets`. */
export function offsetsRefused(error: unknown, groupId: string): Error {
  if (!(error instanceof BrokerResponseError) || !MEMBER_LOST.has(error.code)) return toError(error);
  return new CommitFailedError(
    `The group ${groupId} has moved on without this member: its offsets were refused, and other members process these records. The transaction is to be aborted.`,
    { cause: error },
  );
}

export function fenced(transactionalId: string, cause: unknown): ProducerFencedError {
  return new ProducerFencedError(
    `Another producer has taken over the transactional id ${transactionalId}; this one can send no more transactions. ` +
      'Give every running instance a transactionalIdPrefix of its own, and stop the old instance before a new one starts with the same.',
    { cause },
  );
}

export function cannotGoOn(transactionalId: string, cause: Error): Error {
  if (cause instanceof ProducerFatalError) return cause;
  return new ProducerFatalError(`The producer ${transactionalId} can send no transactions: ${cause.message}`, {
    cause,
  });
}

/** For what comes after a failure. */
export function hasFailed(cause: Error): Error {
  if (cause instanceof TransactionAbortedError) return cause;
  return new TransactionAbortedError(`The transaction has failed before, so this was not sent. ${cause.message}`, {
    cause,
  });
}

/** For records that an abort drops. */
export function aborted(): TransactionAbortedError {
  return new TransactionAbortedError('The transaction was aborted before the record was stored.');
}

export function endedByBroker(transactionalId: string, cause: unknown): TransactionAbortedError {
  return new TransactionAbortedError(
    `The broker had aborted the transaction of ${transactionalId} before the commit, because it was open for longer than its timeout. Nothing of it is visible.`,
    { cause },
  );
}

export function neverCommitted(transactionalId: string, cause: unknown): TransactionAbortedError {
  const reason = toError(cause).message;
  return new TransactionAbortedError(
    `The transaction of ${transactionalId} could not be committed${cause instanceof KafkaTimeoutError ? ' within maxBlockMs' : ''}, and never will be. ${reason}`,
    { cause },
  );
}

export function outcomeUnknown(transactionalId: string, cause: unknown): TransactionOutcomeUnknownError {
  return new TransactionOutcomeUnknownError(
    `Whether the transaction of ${transactionalId} was committed is not known: the coordinator was asked to, and its answer was lost. ` +
      `It is visible as a whole or not at all. ${toError(cause).message}`,
    { cause },
  );
}
