import { KafkaError } from '../../wire/kafka-error.js';

/** A command could not do its work, or not all of it: its message is the one line that the user sees, the exit code is 1. */
export class CommandError extends KafkaError {}
