import { AsyncResource } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import { inspect } from 'node:util';
import type { EmitFailureLog } from './emit-failure-log.js';
import { ConfigError, InvalidRecordError } from './errors.js';
import type { ProducerEngineApi, ProducerMetrics, ProducerStatus, TopicDescription } from './producer-engine-api.js';
import type { ProducerTransactions, RecordSender } from './producer-transactions.js';
import type { DeliveryCallback, PartitionInfo, ProducerRecord, RecordMetadata } from './record.js';
import { SendAllError } from './send-all-error.js';
import { topicOf } from './topic-of.js';
import { TransactionAbortedError } from './transaction-errors.js';
import type { KafkaTransaction, TransactionOptions, TransactionWork } from './transaction.js';

/** Where the producer finds its engine, which is not the same before and after the start. */
export interface ProducerEngineHost {
  readonly engine: ProducerEngineApi;
}

/**
 * Sends records to Kafka with the semantics of Kafka's own Java producer. Made by `KafkaProducerModule`; inject it by its class, or a
 * named one with `@InjectKafkaProducer(name)`. Safe to share: all its methods may be called at any time, from anywhere.
 *
 * What is sent inside of `transaction()` or of a `@Transactional()` method belongs to that transaction, whoever calls: it is stored with the
 * commit or not at all, and a record that fails aborts it. Sent after the end, it fails with `TransactionEndedError`.
 */
@Injectable()
export class KafkaProducer {
  /** One for all calls of `emit`, so that a record costs no closure. */
  private readonly onEmitted: DeliveryCallback;

  /** @internal made by the module */
  public constructor(
    private readonly host: ProducerEngineHost,
    private readonly emitFailures: EmitFailureLog,
    private readonly transactionRunner: ProducerTransactions | null = null,
    private readonly instrument: ((sender: RecordSender) => RecordSender) | null = null,
  ) {
    this.onEmitted = (error, metadata) => {
      // Dropped by an abort, of which the caller of the transaction learns.
      if (error === null || error instanceof TransactionAbortedError) return;
      this.emitFailures.add(error, metadata.topic);
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
   * throws is logged and ignored; a slow one holds up all others. It runs in the AsyncLocalStorage context of this call, and so in its transaction.
   */
  public send<K = unknown, V = unknown>(record: ProducerRecord<K, V>, callback: DeliveryCallback): void;
  public send(record: ProducerRecord, callback?: DeliveryCallback): Promise<RecordMetadata> | void {
    // Not `=== undefined`: records.map(producer.send, producer) passes an index here.
    if (typeof callback !== 'function') return this.sender.send(record);
    // Outcomes of a batch come together, in the context of the connection. AsyncResource.bind would take a hundred times as long.
    const context = new AsyncResource('KafkaProducerCallback');
    this.sender.sendWithCallback(record, (error, metadata) =>
      context.runInAsyncScope(callback, undefined, error, metadata),
    );
  }

  /**
   * Sends a record and forgets it: never throws, never rejects. Failures are counted (`emit-error-total` in `metrics()`) and logged, at
   * most every ten seconds, without the payload. Delivery is as thorough as with `send`; only nobody learns of the single record. Inside of a
   * transaction a failure aborts it, as that of any record; a record that an abort has dropped is not counted.
   */
  public emit<K = unknown, V = unknown>(record: ProducerRecord<K, V>): void {
    try {
      this.sender.sendWithCallback(record, this.onEmitted);
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
  public sendAll<K = unknown, V = unknown>(records: Iterable<ProducerRecord<K, V>>): Promise<RecordMetadata[]> {
    const { sender } = this;
    const sent = sendEach(sender, records);
    sender.track?.(sent);
    return sent;
  }

  /** Sends without lingering what was accepted so far, and waits until each of it has succeeded or failed. Never rejects for a failed record. */
  public flush(): Promise<void> {
    return this.sender.flush();
  }

  /**
   * Runs `work` in a transaction: commits when it returns or its promise resolves, aborts when it throws or rejects. Everything that is sent
   * through this producer meanwhile, from the functions that the work calls too, belongs to the transaction and is awaited before the commit.
   * A consumer with `isolation.level` read_committed sees all of it or nothing. Databases and HTTP calls are not part of it.
   *
   * Inside of another transaction of this producer it joins that one, unless `propagation` says otherwise.
   *
   * ```ts
   * await this.kafka.transaction(async () => {
   *   await this.kafka.send({ topic: 'orders', key: order.id, value: order });
   *   await this.kafka.send({ topic: 'stock', key: order.item, value: { taken: order.count } });
   * });
   * ```
   * @returns what the work returned, after the commit
   * @throws (as a rejection) what the work threw, after the abort; `TransactionAbortedError` when a record failed although the work succeeded;
   * `TransactionTimeoutError` when the work took too long; `TransactionOutcomeUnknownError` when the commit was not answered;
   * `TransactionPoolExhaustedError` when no producer was free for `maxBlockMs`; `IllegalTransactionStateError` when `propagation` does not
   * allow it here; `ProducerFencedError` when another process uses the same `transactionalIdPrefix`; `ProducerClosedError`; `ConfigError`
   * for wrong options, or without the option `transactions` of the module
   */
  public transaction<T>(work: TransactionWork<T>, options?: TransactionOptions): Promise<T> {
    if (this.transactionRunner === null) return Promise.reject(notConfigured());
    return this.transactionRunner.run(work, options);
  }

  /** The transaction of this producer that the caller is in, or null. */
  public currentTransaction(): KafkaTransaction | null {
    return this.transactionRunner?.current() ?? null;
  }

  /**
   * The partitions of a topic as they are known now, by number.
   * @throws (as a rejection) `UnknownTopicError` after `maxBlockMs`
   */
  public partitionsFor(topic: string): Promise<PartitionInfo[]> {
    return this.host.engine.partitionsFor(topic);
  }

  /**
   * Figures of this moment, by the names of Kafka's `producer-metrics`, and `emit-error-total`. Empty before the start. With transactions the
   * totals count their records too; averages, maxima, rates and gauges are about records outside of transactions alone.
   */
  public metrics(): ProducerMetrics {
    const metrics: Record<string, number> = { ...this.host.engine.metrics() };
    for (const [name, value] of Object.entries(this.transactionRunner?.metrics() ?? {})) {
      metrics[name] = (metrics[name] ?? 0) + value;
    }
    metrics['emit-error-total'] = this.emitFailures.total;
    return metrics;
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
    const status = this.host.engine.status();
    return this.transactionRunner === null ? status : { ...status, transactions: this.transactionRunner.status() };
  }

  /** Topics that records were sent to, in and outside of transactions, until they have not been used for Kafka's `metadata.max.idle.ms`. No broker is asked. */
  public topicsInUse(): readonly string[] {
    const inTransactions = this.transactionRunner?.topicsInUse() ?? [];
    return [...new Set([...this.host.engine.topicsInUse(), ...inTransactions])];
  }

  /**
   * Replicas and settings of topics, by asking a broker once over the producer's connections. Topics that do not exist are not created.
   * @param configs which settings are wanted, by Kafka's names
   * @throws (as a rejection) `BrokerUnavailableError` and others when no broker answers. What this client may not read is told in the result
   */
  public describeTopics(topics: readonly string[], configs: readonly string[]): Promise<readonly TopicDescription[]> {
    return this.host.engine.describeTopics(topics, configs);
  }

  private get sender(): RecordSender {
    const sender = this.transactionRunner?.sender() ?? this.host.engine;
    return this.instrument === null ? sender : this.instrument(sender);
  }
}

async function sendEach(sender: RecordSender, records: Iterable<ProducerRecord>): Promise<RecordMetadata[]> {
  if (typeof records?.[Symbol.iterator] !== 'function') {
    throw new InvalidRecordError('sendAll takes an array or another iterable of records. Nothing was sent.');
  }
  const sends: Promise<RecordMetadata>[] = [];
  let broken: { readonly cause: unknown } | null = null;
  try {
    for (const record of records) sends.push(sender.send(record));
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

function notConfigured(): ConfigError {
  return new ConfigError(
    "This producer has no transactions. Set transactions: { transactionalIdPrefix: 'orders-' } in KafkaProducerModule.forRoot, beside client and producer.",
    'transactions',
    undefined,
    'TRANSACTIONS',
  );
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
