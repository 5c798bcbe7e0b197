/** What an error may carry besides its message. */
export interface KafkaErrorDetails {
  /** Whether the same call may succeed if it is made again. */
  readonly retriable?: boolean;
  readonly topic?: string | undefined;
  readonly partition?: number | undefined;
  readonly cause?: unknown;
}

/**
 * The root of every error of this library. The message says what happened and what to do;
 * programs decide by class and `retriable`, never by message text.
 */
export class KafkaError extends Error {
  public readonly retriable: boolean;
  public readonly topic: string | undefined;
  public readonly partition: number | undefined;

  public constructor(message: string, details: KafkaErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.retriable = details.retriable ?? false;
    this.topic = details.topic;
    this.partition = details.partition;
  }
}
