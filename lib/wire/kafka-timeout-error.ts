import { KafkaError, type KafkaErrorDetails } from './kafka-error.js';

/**
 * A limit in time has passed (Kafka's `TimeoutException`): `maxBlockMs` before a record was accepted, or
 * `deliveryTimeoutMs` after it. In the second case the record may nevertheless have been stored.
 */
export class KafkaTimeoutError extends KafkaError {
  public constructor(message: string, details: KafkaErrorDetails = {}) {
    super(message, { retriable: true, ...details });
  }
}
