import { KafkaError } from '../../wire/kafka-error.js';

/** The command was called in a way that cannot work: wrong options, or a properties file that cannot be used. The exit code is 2. */
export class UsageError extends KafkaError {}
