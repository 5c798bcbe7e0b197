import { KafkaError } from '../../wire/kafka-error.js';

/** What an `UndecodableRecordError` is about. */
export interface UndecodableRecordErrorDetails {
  readonly topic: string;
  readonly partition: number;
  /** Decimal. */
  readonly offset: string;
  readonly part: 'key' | 'value';
  readonly cause?: unknown;
}

/**
 * The key or value of a record could not be decoded (Kafka's `RecordDeserializationException`). Another attempt would fail as well, so the record goes to the
 * dead-letter topic at once, as it is; without one the listener stops before it. The message never holds what is in the record.
 */
export class UndecodableRecordError extends KafkaError {
  declare public readonly topic: string;
  declare public readonly partition: number;
  /** Decimal. */
  public readonly offset: string;
  public readonly part: 'key' | 'value';

  public constructor(reason: string, { cause, offset, part, partition, topic }: UndecodableRecordErrorDetails) {
    super(`The ${part} of the record at offset ${offset} of ${topic}-${partition} does not decode: ${reason}`, {
      topic,
      partition,
      cause,
    });
    this.offset = offset;
    this.part = part;
  }
}
