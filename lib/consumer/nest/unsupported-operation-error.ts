import { KafkaError } from '../../wire/kafka-error.js';

/** Something that kafkajs's consumer or producer has, and what stands for it here has not (Java's `UnsupportedOperationException`). The message names what to use instead. */
export class UnsupportedOperationError extends KafkaError {}
