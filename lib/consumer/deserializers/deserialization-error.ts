import { KafkaError } from '../../wire/kafka-error.js';

/** Bytes are not what a deserializer was told to expect (Kafka's `SerializationException` on the consumer's side). The message never holds them. */
export class DeserializationError extends KafkaError {}
