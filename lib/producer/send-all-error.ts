import { KafkaError } from '../wire/kafka-error.js';
import type { RecordMetadata } from './record.js';

/**
 * Some records of `sendAll` were not stored, or not known to be. Thrown after every one of them has settled. Not `retriable` as a
 * whole: sending all of them again would store the successful ones twice; look at `results` for those to repeat.
 */
export class SendAllError extends KafkaError {
  /** One per record sent, in the order of the input. */
  public readonly results: readonly PromiseSettledResult<RecordMetadata>[];
  /** The reasons of the rejected ones, in order. */
  public readonly errors: readonly unknown[];

  /** @param cause the first failure; or what the iterable of records threw, after which nothing more was sent */
  public constructor(message: string, results: readonly PromiseSettledResult<RecordMetadata>[], cause: unknown) {
    super(message, { cause });
    this.results = results;
    this.errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  }
}
