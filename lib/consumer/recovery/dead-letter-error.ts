import { KafkaError } from '../../wire/kafka-error.js';

/** A record could not be stored in its dead-letter topic, for a reason that somebody has to mend. The record waits meanwhile and is tried again. */
export class DeadLetterError extends KafkaError {}
