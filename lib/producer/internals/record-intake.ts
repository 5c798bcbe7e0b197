import { BrokerUnavailableError } from '../../wire/connection-errors.js';
import { KafkaError } from '../../wire/kafka-error.js';
import { messageOf } from '../../wire/message-of.js';
import { BufferExhaustedError, InvalidPartitionError, InvalidRecordError, UnknownTopicError } from '../errors.js';
import { murmur2, toPositive } from '../partitioners/murmur2.js';
import type { PartitionContext, Partitioner } from '../partitioners/partitioner.js';
import type { ProducerEngineDependencies } from '../producer-engine-api.js';
import type { ProducerRecord } from '../record.js';
import { topicOf } from '../topic-of.js';
import type { ClusterTopic } from './cluster-topic.js';
import type { InterceptorChain } from './interceptor-chain.js';
import { PendingSends } from './pending-sends.js';
import type { Reject, Resolve } from './producer-batch.js';
import type { ProducerMetadata } from './producer-metadata.js';
import type { ProducerMetricsRecorder } from './producer-metrics.js';
import {
  APPENDED_TO_NEW_BATCH,
  NO_MEMORY,
  UNASSIGNED_PARTITION,
  type RecordAccumulator,
} from './record-accumulator.js';
import { failedRecordMetadata } from './record-metadata.js';
import { rejectDelivery } from './reject-delivery.js';
import { runUserCode } from './user-code.js';
import { RecordSerializer, type SerializedRecord } from './record-serializer.js';
import { StandstillWatch } from './standstill-watch.js';
import { NOT_CHOSEN, type WaitingSend } from './waiting-segment.js';

export interface RecordIntakeDependencies extends Pick<
  ProducerEngineDependencies,
  'config' | 'keySerializer' | 'valueSerializer' | 'partitioner' | 'log'
> {
  readonly metadata: ProducerMetadata;
  readonly interceptors: InterceptorChain;
  readonly metrics: ProducerMetricsRecorder;
  /** Why nothing is accepted any more: closed, or a fatal error. */
  readonly refusal: () => Error | null;
  /** A topic is needed that is not known; `isNew` for the first record. */
  readonly onTopicNeeded: (isNew: boolean) => void;
  readonly isConnected: () => boolean;
  /** A record waits for memory: nothing should linger. */
  readonly onMemoryNeeded: () => void;
  /** A record has been refused, or has waited in vain. */
  readonly onRejected?: ((error: Error) => void) | undefined;
  /** The cause to show when waiting for metadata has taken too long. */
  readonly lastMetadataFailure: () => Error | null;
}

/**
 * The way of a record from `send` into the accumulator: interceptors, serializers, partitioner, each exactly once, then append, or a place in
 * the line when metadata or memory is missing (Kafka's `KafkaProducer.doSend`).
 */
export class RecordIntake {
  public readonly pending: PendingSends;
  private readonly watch: StandstillWatch;
  private accumulator: RecordAccumulator | null = null;
  private lastRefusal: { readonly at: number; readonly error: BufferExhaustedError } | null = null;
  private lastTimeout: SharedTimeout | null = null;
  private readonly hasInterceptors: boolean;
  private readonly serializer: RecordSerializer;

  public constructor(private readonly dependencies: RecordIntakeDependencies) {
    const { config, metadata, interceptors } = dependencies;
    this.hasInterceptors = !interceptors.isEmpty;
    this.serializer = new RecordSerializer(dependencies);
    this.watch = new StandstillWatch({
      isConnected: dependencies.isConnected,
      releases: () => this.accumulator?.memory.releases ?? 0,
      isMoving: () => this.accumulator?.memory.isMoving ?? false,
      isIdle: () => this.pending.size === 0 && this.availableMemory === config.bufferMemory,
    });
    this.pending = new PendingSends({
      maxBlockMs: config.maxBlockMs,
      availableMemory: () => this.availableMemory,
      isStandstill: () => this.watch.isStandstill,
      partitionCount: (topic) => (this.accumulator === null ? 0 : (metadata.topic(topic)?.partitionCount ?? 0)),
      finalError: (topic) => metadata.finalError(topic),
      append: (send, record) => this.appendPending(send, record),
      timeoutError: (send, waitsForMemory, waitedMs) => this.sharedTimeoutError(send, waitsForMemory, waitedMs),
      onMemoryWaited: (ms) => dependencies.metrics.memoryWaited(ms * 1e6),
      fail: ({ topic, partition, resolve, reject }, error) =>
        this.rejectLocally(topic, Math.max(UNASSIGNED_PARTITION, partition), error, resolve, reject),
    });
  }

  private get availableMemory(): number {
    return this.accumulator?.memory.availableBytes ?? this.dependencies.config.bufferMemory;
  }

  /** From now on records can be placed. */
  public useAccumulator(accumulator: RecordAccumulator): void {
    this.accumulator = accumulator;
    this.pending.metadataChanged();
  }

  /** Takes a record in; its outcome goes to one of the two functions, also when it is refused here. */
  public accept(offered: ProducerRecord, resolve: Resolve, reject: Reject | null): void {
    let record = offered;
    try {
      const refusal = this.dependencies.refusal();
      if (refusal !== null) throw refusal;
      if (this.hasInterceptors) record = this.dependencies.interceptors.onSend(offered);
      const now = Date.now();
      const serialized = this.serializer.serialize(record, now);
      const topic = this.dependencies.metadata.topic(serialized.topic);
      if (topic === undefined || !this.isPlaceable(topic, record) || this.pending.waitsForMemory) {
        this.wait(record, serialized, NOT_CHOSEN, now, resolve, reject);
        return;
      }
      const partition = record.partition ?? this.choosePartition(topic, record, serialized.key);
      if (this.append(topic, partition, serialized, now, resolve, reject)) return;
      this.wait(record, serialized, partition, now, resolve, reject);
    } catch (error) {
      this.rejectLocally(topicOf(record), undefined, toKafkaError(error), resolve, reject);
    }
  }

  public close(): void {
    this.pending.close();
    this.watch.stop();
  }

  private append(
    topic: ClusterTopic,
    partition: number,
    record: SerializedRecord,
    now: number,
    resolve: Resolve,
    reject: Reject | null,
  ): boolean {
    const { accumulator } = this;
    if (accumulator === null) return false;
    topic.usedAt = now;
    const result = accumulator.append(accumulator.topicQueues(topic), partition, record, now, resolve, reject);
    if (result === APPENDED_TO_NEW_BATCH) {
      this.watch.start();
      this.tellPartitioner(topic.name, partition);
    }
    return result !== NO_MEMORY;
  }

  private tellPartitioner(topic: string, partition: number): void {
    const { log, metadata, partitioner } = this.dependencies;
    if (partitioner?.onNewBatch === undefined) return;
    runUserCode(`${partitioner.constructor.name}.onNewBatch`, log, () =>
      partitioner.onNewBatch?.(topic, metadata, partition),
    );
  }

  /** @param original needed only by a partitioner of the user's */
  private choosePartition(topic: ClusterTopic, original: ProducerRecord | null, keyBytes: Buffer | null): number {
    const { config, metadata, partitioner } = this.dependencies;
    if (partitioner === null) {
      if (keyBytes === null || config.partitionerIgnoreKeys) return UNASSIGNED_PARTITION;
      return toPositive(murmur2(keyBytes)) % topic.partitionCount;
    }
    const context = { topic: topic.name, key: original?.key, keyBytes, value: original?.value, cluster: metadata };
    const chosen = ask(partitioner, context);
    if (typeof chosen === 'number' && Number.isInteger(chosen) && chosen >= 0 && chosen < topic.partitionCount) {
      return chosen;
    }
    throw new InvalidPartitionError(
      `${partitioner.constructor.name} chose partition ${String(chosen)} for ${topic.name}, which has partitions 0 to ${topic.partitionCount - 1}.`,
      { topic: topic.name },
    );
  }

  /** Puts a record into the line for metadata or memory. */
  private wait(
    original: ProducerRecord,
    record: SerializedRecord,
    chosenPartition: number,
    startedAt: number,
    resolve: Resolve,
    reject: Reject | null,
  ): void {
    const { topic } = record;
    const { metadata } = this.dependencies;
    const isNew = metadata.want(topic, startedAt);
    const finalError = metadata.finalError(topic);
    if (finalError !== undefined) {
      this.dependencies.onTopicNeeded(isNew);
      throw finalError;
    }
    const partition = original.partition ?? chosenPartition;
    const keepsOriginal = this.dependencies.partitioner !== null && partition === NOT_CHOSEN;
    if (!this.pending.hasRoomFor(record, keepsOriginal)) throw this.tooManyWaiting(topic, startedAt);
    const kept = keepsOriginal ? original : null;
    this.watch.start();
    this.pending.add({ topic, partition, original: kept, startedAt, resolve, reject }, record);
    const known = metadata.topic(topic);
    if (known !== undefined && this.isPlaceable(known, original)) this.dependencies.onMemoryNeeded();
    else this.dependencies.onTopicNeeded(isNew);
  }

  private isPlaceable(topic: ClusterTopic, record: ProducerRecord): boolean {
    return this.accumulator !== null && topic.partitionCount > (record.partition ?? 0);
  }

  private appendPending(send: WaitingSend, record: SerializedRecord): boolean {
    const { topic: name, startedAt, resolve, reject } = send;
    try {
      const now = Date.now();
      const topic = this.dependencies.metadata.topic(name);
      if (topic === undefined) throw this.unknownTopic(name, now - startedAt);
      if (send.partition === NOT_CHOSEN) send.partition = this.choosePartitionOfWaiting(topic, send, record);
      return this.append(topic, send.partition, record, now, resolve, reject);
    } catch (error) {
      this.rejectLocally(name, undefined, toKafkaError(error), resolve, reject);
      return true;
    }
  }

  private choosePartitionOfWaiting(topic: ClusterTopic, { original }: WaitingSend, { key }: SerializedRecord): number {
    // The bytes lie in memory that is used again; a partitioner of the user's may keep what it is given.
    return this.choosePartition(topic, original, key === null || original === null ? key : Buffer.from(key));
  }

  private rejectLocally(
    topic: string,
    partition: number | undefined,
    error: Error,
    resolve: Resolve,
    reject: Reject | null,
  ): void {
    const metadata = failedRecordMetadata(topic, partition ?? UNASSIGNED_PARTITION);
    this.dependencies.metrics.recordsFailed(Date.now(), 1);
    if (this.hasInterceptors) this.dependencies.interceptors.onAcknowledgement(metadata, error);
    this.dependencies.onRejected?.(error);
    rejectDelivery(error, metadata, resolve, reject);
  }

  /** One error for all that give up on the same thing in the same look, as in `tooManyWaiting`. */
  private sharedTimeoutError(send: WaitingSend, waitsForMemory: boolean, waitedMs: number): Error {
    if (waitsForMemory) this.dependencies.metrics.memoryExhausted(Date.now());
    const { topic, partition } = send;
    const at = send.startedAt + waitedMs;
    const last = this.lastTimeout;
    const isSame = last?.at === at && last.topic === topic && last.waitsForMemory === waitsForMemory;
    if (isSame && (waitsForMemory || last.partition === partition)) return last.error;
    const error = this.timeoutError(send, waitsForMemory, waitedMs);
    this.lastTimeout = { at, topic, partition, waitsForMemory, error };
    return error;
  }

  private timeoutError({ topic, partition }: WaitingSend, waitsForMemory: boolean, waitedMs: number): Error {
    const { config, metadata } = this.dependencies;
    if (waitsForMemory) {
      return new BufferExhaustedError(
        `A record for ${topic} was not sent: bufferMemory (${config.bufferMemory} bytes) was full for maxBlockMs (${waitedMs} ms). ` +
          'Records are sent faster than the brokers take them, or no broker answers: await the sends, raise bufferMemory, or see to the brokers.',
        { topic },
      );
    }
    const count = metadata.topic(topic)?.partitionCount ?? 0;
    if (count === 0) return this.unknownTopic(topic, waitedMs);
    return new InvalidPartitionError(
      `A record for ${topic} was not sent: it names partition ${partition}, but the topic has ${count} (0 to ${count - 1}), after ${waitedMs} ms.`,
      { topic },
    );
  }

  private unknownTopic(topic: string, waitedMs: number): Error {
    const { metadata, lastMetadataFailure } = this.dependencies;
    if (metadata.version === 0) {
      const failure = lastMetadataFailure();
      return new BrokerUnavailableError(
        `A record for ${topic} was not sent: no broker has answered within maxBlockMs (${waitedMs} ms). ${failure?.message ?? ''}`,
        { topic, cause: failure ?? undefined },
      );
    }
    const cause = metadata.lastError(topic) ?? lastMetadataFailure();
    const reason = cause === null ? '' : ` ${cause.message}`;
    return new UnknownTopicError(
      `A record was not sent: the topic ${topic} was not known to the cluster within maxBlockMs (${waitedMs} ms). ` +
        `Create it (kafka-topics --create --topic ${topic}), or check its name and the rights of this client.${reason}`,
      { topic, ...(cause === null ? {} : { cause }) },
    );
  }

  /** One error for all records of a topic that are refused in one millisecond: in a loop, errors would take more memory than records. */
  private tooManyWaiting(topic: string, now: number): BufferExhaustedError {
    this.dependencies.metrics.memoryExhausted(now);
    const { lastRefusal } = this;
    if (lastRefusal?.at === now && lastRefusal.error.topic === topic) return lastRefusal.error;
    const error = new BufferExhaustedError(
      `A record for ${topic} was not sent: ${this.pending.size} records wait for bufferMemory or metadata already, as many as may. Await the sends, so that they slow down with the brokers.`,
      { topic },
    );
    this.lastRefusal = { at: now, error };
    return error;
  }
}

/** The error of the sends that have given up at one moment. */
interface SharedTimeout {
  readonly at: number;
  readonly topic: string;
  readonly partition: number;
  readonly waitsForMemory: boolean;
  readonly error: Error;
}

/** What code of the user's has thrown (a getter, a Proxy) becomes one of our errors. */
function toKafkaError(error: unknown): KafkaError {
  if (error instanceof KafkaError) return error;
  const message = messageOf(error);
  return new InvalidRecordError(`A record was not sent: reading it failed: ${message}`, { cause: error });
}

/** @throws InvalidPartitionError when the partitioner throws */
function ask(partitioner: Partitioner, context: PartitionContext): unknown {
  try {
    return partitioner.partition(context);
  } catch (cause) {
    if (cause instanceof KafkaError) throw cause;
    const message = messageOf(cause);
    throw new InvalidPartitionError(
      `${partitioner.constructor.name} threw for a record for ${context.topic}: ${message}`,
      {
        topic: context.topic,
        cause,
      },
    );
  }
}
