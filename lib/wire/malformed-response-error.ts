import { KafkaError, type KafkaErrorDetails } from './kafka-error.js';

/**
 * Bytes that came from a broker do not follow the protocol: cut short, a negative or impossible length, a checksum that does not match.
 * Nothing of that response is used. Not retriable on the same connection, whose next bytes cannot be trusted either: close it, then
 * treat what was in flight as of unknown outcome.
 */
export class MalformedResponseError extends KafkaError {
  public constructor(message: string, details: KafkaErrorDetails = {}) {
    super(message, details);
  }
}
