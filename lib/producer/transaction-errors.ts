import { KafkaError, type KafkaErrorDetails } from '../wire/kafka-error.js';
import { KafkaTimeoutError, ProducerFatalError } from './errors.js';

export { CommitFailedError } from '../wire/commit-failed-error.js';

/** The transaction was aborted: nothing of it is visible to a read_committed consumer, and it may be run again. `cause` says why. */
export class TransactionAbortedError extends KafkaError {
  public constructor(message: string, details: KafkaErrorDetails = {}) {
    super(message, { retriable: true, ...details });
  }
}

/** The work took longer than `timeoutMs`; the transaction was aborted. */
export class TransactionTimeoutError extends TransactionAbortedError {}

/**
 * The commit was asked for, and no answer could be had: the transaction is wholly visible or wholly absent, and nobody here knows which. Running it again may
 * repeat its records; find out from the data, or from the committed offsets.
 */
export class TransactionOutcomeUnknownError extends KafkaError {}

/** Something was sent after the end of the transaction that it would have belonged to. Await everything inside the work. Nothing was sent. */
export class TransactionEndedError extends KafkaError {}

/** A call whose propagation does not allow it here: `MANDATORY` outside of a transaction, `NEVER` inside (Spring's `IllegalTransactionStateException`). */
export class IllegalTransactionStateError extends KafkaError {}

/** Every producer of the pool was in use for `maxBlockMs`. Raise `transactions.poolSize`, or run fewer transactions at a time. */
export class TransactionPoolExhaustedError extends KafkaTimeoutError {}

/** Another process has taken over the transactional id (Kafka's `ProducerFencedException`). This one sends no more transactions under it. */
export class ProducerFencedError extends ProducerFatalError {}
