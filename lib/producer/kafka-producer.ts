import { Injectable } from '@nestjs/common';
import { inspect } from 'node:util';
import type { EmitFailureLog } from './emit-failure-log.js';
import { InvalidRecordError } from './errors.js';
import type { ProducerEngineApi, ProducerMetrics, ProducerStatus } from './producer-engine-api.js';
import type { DeliveryCallback, PartitionInfo, ProducerRecord, RecordMetadata } from './record.js';
import { SendAllError } from './send-all-error.js';
import { topicOf } from './topic-of.js';

/** Where the producer finds its engine, which is not the same before and after the start. */
export interface ProducerEngineHost {
  readonly engine: ProducerEngineApi;
}

/**
 * Sends records to Kafka with the semantics of Kafka's own Java producer. Made by `KafkaProducerModule`; inject it by its class, or a
 * named one with `@InjectKafkaProducer(name)`. Safe to share: all its methods may be called at any time, from anywhere.
 */
@Injectable()
export class KafkaProducer {
  /** One for all calls of `emit`, so that a record costs no closure. */
  private readonly onEmitted: DeliveryCallback;

  /** @internal made by the module */
  public constructor(
    private readonly host: ProducerEngineHost,
    private readonly emitFailures: EmitFailureLog,
  ) {
    this.onEmitted = (error, metadata) => {
      if (error !== null) this.emitFailures.add(error, metadata.topic);
    };
  }

  /**
   * Sends a record. Await the promise to know it stored (by `acks`); do not await it at once, and many are on their way together.
   * Records of one partition are stored in the order of the calls.
   *
   * @returns where the record is stored
   * @throws (as a rejection) `InvalidRecordError`, `SerializationError`, `InvalidPartitionError`, `RecordTooLargeError`,
   * `UnknownTopicError`, `BufferExhaustedError`, `ProducerClosedError`: nothing was sent; `DeliveryTimeoutError`: it may nevertheless
   * have been stored; `DeliveryError`: the broker refused it (`cause` is a `BrokerResponseError`); `BrokerResponseError`: the topic's name is not legal,
   * or this client has no rights to it; `ProducerFatalError`: so will every later one
   */
  public send<K = unknown, V = unknown>(record: ProducerRecord<K, V>): Promise<RecordMetadata>;
  /**
   * Sends a record and calls back once, with an error or null, in the order of the calls per partition. Never throws. What the callback
   * throws is logged and ignored; a slow one holds up all others.
   */
  public send<K = unknown, V = unknown>(record: ProducerRecord<K, V>, callback: DeliveryCallback): void;
  public send(record: ProducerRecord, callback?: DeliveryCallback): Promise<RecordMetadata> | void {
    // Not `=== undefined`: records.map(producer.send, producer) passes an index here.
    if (typeof callback !== 'function') return this.host.engine.send(record);
    this.host.engine.sendWithCallback(record, callback);
  }

  /**
   * Sends a record and forgets it: never throws, never rejects. Failures are counted (`emit-error-total` in `metrics()`) and logged, at
   * most every ten seconds, without the payload. Delivery is as thorough as with `send`; only nobody learns of the single record.
   */
  public emit<K = unknown, V = unknown>(record: ProducerRecord<K, V>): void {
    try {
      this.host.engine.sendWithCallback(record, this.onEmitted);
    } catch (error) {
      this.emitFailures.add(error, topicOf(record));
    }
  }

  /**
   * Sends the records in their order, without waiting for one before the next.
   *
   * @returns where each is stored, in the order of the input
   * @throws (as a rejection) `SendAllError` when any has failed, after all have settled; it holds the result of each.
   * `InvalidRecordError` for what is not iterable
   */
  public async sendAll<K = unknown, V = unknown>(records: Iterable<ProducerRecord<K, V>>): Promise<RecordMetadata[]> {
    if (typeof records?.[Symbol.iterator] !== 'function') {
      throw new InvalidRecordError('sendAll takes an array or another iterable of records. Nothing was sent.');
    }
    const sends: Promise<RecordMetadata>[] = [];
    let broken: { readonly cause: unknown } | null = null;
    try {
      for (const record of records) sends.push(this.host.engine.send(record));
    } catch (cause) {
      broken = { cause };
    }
    const results = await Promise.allSettled(sends);
    if (broken !== null) throw brokenIterable(broken.cause, results);
    const metadata: RecordMetadata[] = [];
    for (const result of results) {
      if (result.status === 'rejected') throw someFailed(results, result.reason);
      metadata.push(result.value);
    }
    return metadata;
  }

  /** Sends without lingering what was accepted so far, and waits until each of it has succeeded or failed. Never rejects for a failed record. */
  public flush(): Promise<void> {
    return this.host.engine.flush();
  }

  /**
   * The partitions of a topic as they are known now, by number.
   * @throws (as a rejection) `UnknownTopicError` after `maxBlockMs`
   */
  public partitionsFor(topic: string): Promise<PartitionInfo[]> {
    return this.host.engine.partitionsFor(topic);
  }

  /** Figures of this moment, by the names of Kafka's `producer-metrics`, and `emit-error-total`. Empty before the start. */
  public metrics(): ProducerMetrics {
    return { ...this.host.engine.metrics(), 'emit-error-total': this.emitFailures.total };
  }

  /** What `console.log` shows: not the settings, which hold passwords. */
  public [inspect.custom](): string {
    return `KafkaProducer { state: '${this.status().state}' }`;
  }

  /** What JSON loggers show; no settings either. */
  public toJSON(): { readonly state: ProducerStatus['state'] } {
    return { state: this.status().state };
  }

  /** How the producer is doing, from what it knows anyway: no broker is asked, so it may be read as often as you like. */
  public status(): ProducerStatus {
    return this.host.engine.status();
  }
}

function someFailed(results: readonly PromiseSettledResult<RecordMetadata>[], first: unknown): SendAllError {
  const failed = results.filter((result) => result.status === 'rejected').length;
  return new SendAllError(
    `${failed} of ${results.length} records failed; the first with ${first instanceof Error ? first.name : 'an unknown error'} (see cause). ` +
      'results tells which, in the order of the input.',
    results,
    first,
  );
}

function brokenIterable(cause: unknown, results: readonly PromiseSettledResult<RecordMetadata>[]): SendAllError {
  return new SendAllError(
    `The records given to sendAll broke off with an error (see cause) after ${results.length}, which were sent; results tells how each went.`,
    results,
    cause,
  );
}
