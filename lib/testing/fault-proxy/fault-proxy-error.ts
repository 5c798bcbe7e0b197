import { KafkaError } from '../../wire/kafka-error.js';

/**
 * The fault proxy was asked for something it cannot do: an unknown broker, an error code for an API it cannot answer,
 * a wait for a rule that can no longer fire, a listening port that was taken meanwhile.
 */
export class FaultProxyError extends KafkaError {}
