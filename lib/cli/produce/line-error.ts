import { KafkaError } from '../../wire/kafka-error.js';

/** A line of the input is no record. The message says why, without what is in the line. */
export class LineError extends KafkaError {}
