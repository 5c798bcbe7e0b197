import { SendAllError } from '../../producer/send-all-error.js';
import { TransactionAbortedError, TransactionTimeoutError } from '../../producer/transaction-errors.js';
import { KafkaError } from '../../wire/kafka-error.js';

/**
 * Whether a handler has failed because the cluster could not be reached in time, which says nothing about its record: a record is never given up for that. An
 * error of the user's own counts, whatever its cause; so does a transaction whose work took too long.
 */
export function isClusterTrouble(error: unknown): boolean {
  if (error instanceof TransactionTimeoutError) return false;
  if (error instanceof TransactionAbortedError && error.cause !== undefined) return isClusterTrouble(error.cause);
  if (error instanceof SendAllError) return error.errors.every(isClusterTrouble);
  return error instanceof KafkaError && error.retriable;
}
