import { KafkaError, type KafkaErrorDetails } from './kafka-error.js';

/** A connection could not be opened, or was lost with requests in flight (Kafka's `DisconnectException`). */
export class BrokerConnectionError extends KafkaError {
  public constructor(message: string, details: KafkaErrorDetails = {}) {
    super(message, { retriable: true, ...details });
  }
}

/** A broker did not answer within the request timeout; the connection has been closed. */
export class RequestTimeoutError extends BrokerConnectionError {}

/** Nothing was sent for `connections.max.idle.ms`; nobody waits for the connection. */
export class IdleConnectionError extends BrokerConnectionError {}

/** No broker could be reached at start-up. */
export class BrokerUnavailableError extends KafkaError {
  public constructor(message: string, details: KafkaErrorDetails = {}) {
    super(message, { retriable: true, ...details });
  }
}

/** The broker refused the credentials, or the TLS handshake failed (Kafka's `AuthenticationException`). */
export class KafkaAuthenticationError extends KafkaError {}

/** The broker speaks no version of a request that this library speaks; Kafka 2.1 is the oldest supported. */
export class UnsupportedBrokerError extends KafkaError {}

/** The installed kafkajs does not have the shape that this library builds on. */
export class IncompatibleKafkaJSError extends KafkaError {}
