import { KafkaError } from '../wire/kafka-error.js';
import { messageOf } from '../wire/message-of.js';

/**
 * Thrown by a batch listener that knows which record has failed (Spring's `BatchListenerFailedException`): those before it count as done, it is tried again or given
 * up by itself, and those behind it follow. Any other error concerns the whole batch.
 */
export class BatchRecordError extends KafkaError {
  /** @param index of the failed record within the batch, from 0 */
  public constructor(
    public readonly index: number,
    cause: unknown,
  ) {
    super(`Record ${index} of the batch has failed: ${messageOf(cause)}`, {
      cause,
    });
  }
}
