import { KafkaError } from '../../wire/kafka-error.js';

/**
 * The reply to a request could not be sent for a reason that lies in the request: its reply topic does not exist, or may not be written to. The request is treated as one whose
 * handler has failed. `cause` is the error of the producer.
 */
export class ReplyError extends KafkaError {}
