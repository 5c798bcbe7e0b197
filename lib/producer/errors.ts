import { KafkaError } from '../wire/kafka-error.js';
import { KafkaTimeoutError } from '../wire/kafka-timeout-error.js';

export { KafkaTimeoutError } from '../wire/kafka-timeout-error.js';
export { BrokerUnavailableError, KafkaAuthenticationError, UnsupportedBrokerError } from '../wire/connection-errors.js';

/** A setting, or a combination of settings, is not valid. Thrown at start-up, never later (Kafka's `ConfigException`). */
export class ConfigError extends KafkaError {
  /** The option's name as the user writes it, e.g. `deliveryTimeoutMs`. */
  public readonly setting: string;
  /** The offending value. Never that of a password. */
  public readonly value: unknown;
  /** A stable id of the rule, e.g. `V1`, for programs. */
  public readonly rule: string;

  public constructor(message: string, setting: string, value: unknown, rule: string) {
    super(message);
    this.setting = setting;
    this.value = value;
    this.rule = rule;
  }
}

/** A record could not be turned into bytes (Kafka's `SerializationException`). Nothing was sent. */
export class SerializationError extends KafkaError {}

/** A record that can never be sent as it is: no topic, wrong header, timestamp or value type. Nothing was sent. */
export class InvalidRecordError extends KafkaError {}

/** A partitioner returned, or a record names, a partition that the topic does not have. Nothing was sent. */
export class InvalidPartitionError extends KafkaError {}

/** The record exceeds `maxRequestSize` or `bufferMemory`, or the broker's `max.message.bytes` (`RecordTooLargeException`). */
export class RecordTooLargeError extends KafkaError {}

/** `bufferMemory` was full for `maxBlockMs` (Kafka's `BufferExhaustedException`). Nothing was sent. */
export class BufferExhaustedError extends KafkaTimeoutError {}

/** `delivery.timeout.ms` passed before the batch was acknowledged. Records may nevertheless have been stored. */
export class DeliveryTimeoutError extends KafkaTimeoutError {}

/** The topic is not known to the cluster (within `maxBlockMs`). */
export class UnknownTopicError extends KafkaTimeoutError {}

/** The producer is closed, or closed while the record waited (Kafka's `IllegalStateException`). */
export class ProducerClosedError extends KafkaError {}

/** The producer cannot go on (fenced, no rights); every later call fails with the same error. Make a new producer. */
export class ProducerFatalError extends KafkaError {}

/** The record's batch was refused by the broker; `cause` holds the broker's error. */
export class DeliveryError extends KafkaError {}
