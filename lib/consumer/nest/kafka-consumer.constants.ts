/** The producer of the module instance, by one token whatever its name. Private to each module instance. */
export const KAFKA_CONSUMER_PRODUCER = Symbol('KAFKA_CONSUMER_PRODUCER');
