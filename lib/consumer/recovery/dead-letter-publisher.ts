import { RecordTooLargeError, UnknownTopicError } from '../../producer/errors.js';
import type { KafkaProducer } from '../../producer/kafka-producer.js';
import { murmur2, toPositive } from '../../producer/partitioners/murmur2.js';
import type { PartitionInfo } from '../../producer/record.js';
import { RawBytes } from '../../producer/serializers/raw-bytes.js';
import { KafkaTimeoutError } from '../../wire/kafka-timeout-error.js';
import { withDeadline } from '../../wire/with-deadline.js';
import type { ConsumedRecord } from '../consumed-record.js';
import { DeadLetterError } from './dead-letter-error.js';
import { deadLetterHeaders } from './dead-letter-headers.js';
import type { FailedRecord } from './recovery-policy.js';
import type { DeadLetterSettings } from './recovery-settings.js';

const DEFAULT_SUFFIX = '-dlt';
/** Less than a transaction usually has, so that the error is about the topic. */
const TOPIC_LOOKUP_MS = 10_000;
/** Beyond this all are forgotten, which costs each of those that still wait another transaction. */
const MOST_OVERSIZED = 1_000;

export interface DeadLetterPublisherDependencies {
  readonly producer: Pick<KafkaProducer, 'send' | 'partitionsFor' | 'currentTransaction'>;
  readonly settings: DeadLetterSettings;
  /** How long to look for the topic, in milliseconds. Default 10 s. */
  readonly topicLookupMs?: number | undefined;
}

/** Stores records that were given up, byte for byte, and waits until they are stored. */
export class DeadLetterPublisher {
  /** Records that were too large with all headers in a transaction, which their refusal has aborted: the next one takes fewer. */
  private readonly oversized = new Set<string>();

  public constructor(private readonly dependencies: DeadLetterPublisherDependencies) {}

  /** Whether a record has failed in the topic that it would go to. */
  public wouldLoop(failed: FailedRecord): boolean {
    try {
      return this.topicOf(failed) === failed.record.topic;
    } catch {
      // Said by `publish`, which has somebody who listens.
      return false;
    }
  }

  /**
   * Stores a record; in the transaction of the caller, if there is one.
   * @throws (as a rejection) DeadLetterError: the topic is missing, the record too large, or the function `topic` wrong; what `KafkaProducer.send` rejects with
   */
  public async publish(failed: FailedRecord): Promise<void> {
    const topic = this.topicOf(failed);
    if (topic === failed.record.topic) throw loops(failed, topic);
    const partition = await this.partitionOf(topic, failed.record);
    if (this.oversized.has(placeOf(failed.record))) return this.store(failed, topic, partition, true);
    try {
      await this.store(failed, topic, partition, false);
    } catch (error) {
      if (!(error instanceof DeadLetterError && error.cause instanceof RecordTooLargeError)) throw error;
      if (this.dependencies.producer.currentTransaction() !== null) throw this.leaveForNextTransaction(failed, error);
      await this.store(failed, topic, partition, true);
    }
  }

  /** @throws DeadLetterError */
  private topicOf(failed: FailedRecord): string {
    const { topic } = this.dependencies.settings;
    const { error, listenerId, record } = failed;
    if (topic === null) return record.topic.endsWith(DEFAULT_SUFFIX) ? record.topic : record.topic + DEFAULT_SUFFIX;
    if (typeof topic === 'string') return topic;
    let named: unknown;
    try {
      named = topic(record, error);
    } catch (cause) {
      throw notStored(
        failed,
        `the function recovery.deadLetter.topic of ${listenerId} has thrown, see the cause.`,
        cause,
      );
    }
    if (typeof named === 'string' && named !== '') return named;
    throw notStored(failed, `the function recovery.deadLetter.topic of ${listenerId} did not return a name.`);
  }

  private async partitionOf(topic: string, record: ConsumedRecord): Promise<number> {
    const { length: count } = await this.partitionsOf(topic, record);
    if (record.partition < count) return record.partition;
    return (record.key === null ? record.partition : toPositive(murmur2(record.key))) % count;
  }

  private async partitionsOf(topic: string, record: ConsumedRecord): Promise<readonly PartitionInfo[]> {
    const { producer, topicLookupMs = TOPIC_LOOKUP_MS } = this.dependencies;
    const deadline = Date.now() + topicLookupMs;
    try {
      return await withDeadline(producer.partitionsFor(topic), deadline, 'The topic was not found');
    } catch (cause) {
      if (cause instanceof KafkaTimeoutError) throw missing(topic, record, cause);
      throw cause;
    }
  }

  private async store(failed: FailedRecord, topic: string, partition: number, onlyEssential: boolean): Promise<void> {
    const { producer, settings } = this.dependencies;
    const { record } = failed;
    try {
      await producer.send({
        topic,
        partition,
        key: record.key === null ? null : new RawBytes(record.key),
        value: record.value === null ? null : new RawBytes(record.value),
        headers: deadLetterHeaders(failed, { stack: settings.stack, onlyEssential }),
      });
    } catch (cause) {
      if (cause instanceof UnknownTopicError) throw missing(topic, record, cause);
      if (cause instanceof RecordTooLargeError) throw tooLarge(topic, failed, cause);
      throw cause;
    }
  }

  private leaveForNextTransaction(failed: FailedRecord, error: DeadLetterError): DeadLetterError {
    const { oversized } = this;
    if (oversized.size >= MOST_OVERSIZED) oversized.clear();
    oversized.add(placeOf(failed.record));
    return error;
  }
}

function placeOf({ offset, partition, topic }: ConsumedRecord): string {
  return `${topic}-${partition}@${offset}`;
}

function missing(topic: string, record: ConsumedRecord, cause: unknown): DeadLetterError {
  const { partition, topic: source } = record;
  return new DeadLetterError(
    `The dead-letter topic ${topic} was not found, so records of ${source}-${partition} wait. Create it with as many partitions as ${source}, e.g. ` +
      `kafka-topics.sh --bootstrap-server <broker> --create --topic ${topic} --partitions <count>, or name another as recovery.deadLetter.topic.`,
    { topic, retriable: true, cause },
  );
}

function tooLarge(topic: string, failed: FailedRecord, cause: RecordTooLargeError): DeadLetterError {
  return notStored(
    failed,
    `it is too large for ${topic}. Raise max.message.bytes of that topic, and maxRequestSize of the producer, above those of ${failed.record.topic}.`,
    cause,
  );
}

function loops(failed: FailedRecord, topic: string): DeadLetterError {
  return notStored(failed, `it has failed in ${topic}, which is its dead-letter topic. Set recovery.deadLetter.topic.`);
}

function notStored({ record }: FailedRecord, why: string, cause?: unknown): DeadLetterError {
  const { offset, partition, topic } = record;
  return new DeadLetterError(`The record at offset ${offset} of ${topic}-${partition} is no dead letter yet: ${why}`, {
    topic,
    partition,
    cause,
  });
}
