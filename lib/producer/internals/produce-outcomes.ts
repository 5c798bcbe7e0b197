import type { BrokerAddress } from '../../wire/cluster-metadata.js';
import type { CompressionCodec } from '../../wire/compression/compression-codec.js';
import { BrokerConnectionError } from '../../wire/connection-errors.js';
import { BrokerResponseError } from '../../wire/broker-response-error.js';
import { lookupErrorCode } from '../../wire/error-codes.js';
import { KafkaError } from '../../wire/kafka-error.js';
import type { LogSink } from '../../wire/log-sink.js';
import type { ProducePartitionResponse, ProduceResponse } from '../../wire/protocol/produce.js';
import { DeliveryError, DeliveryTimeoutError, RecordTooLargeError } from '../errors.js';
import type { ProducerConfig } from '../producer-config.js';
import { splitBatch } from './batch-splitter.js';
import type { CompressionRatioEstimator } from './compression-ratio-estimator.js';
import type { AcknowledgementListener, ProducerBatch } from './producer-batch.js';
import type { ProducerMetricsRecorder } from './producer-metrics.js';
import type { RecordAccumulator } from './record-accumulator.js';
import { RetryBackoff } from '../../wire/retry-backoff.js';
import type { SequenceManager } from './sequence-manager.js';

const NONE = 0;
/** MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE */
const TOO_LARGE_ERRORS: ReadonlySet<number> = new Set([10, 18]);
const OUT_OF_ORDER_SEQUENCE_NUMBER = 45;
const DUPLICATE_SEQUENCE_NUMBER = 46;
const INVALID_PRODUCER_EPOCH = 47;
const UNKNOWN_PRODUCER_ID = 59;
const SEQUENCE_ERRORS: ReadonlySet<number> = new Set([
  OUT_OF_ORDER_SEQUENCE_NUMBER,
  INVALID_PRODUCER_EPOCH,
  UNKNOWN_PRODUCER_ID,
]);
/** NOT_LEADER_OR_FOLLOWER (KAFKA-13574), REQUEST_TIMED_OUT, NETWORK_EXCEPTION, NOT_ENOUGH_REPLICAS_AFTER_APPEND: the batch may be in the log. */
const APPENDED_ERRORS: ReadonlySet<number> = new Set([6, 7, 13, 20]);
const OFFSET_UNKNOWN = -1n;

export interface ProduceOutcomesDependencies {
  readonly config: ProducerConfig;
  readonly accumulator: RecordAccumulator;
  readonly codec: CompressionCodec;
  readonly ratios: CompressionRatioEstimator;
  readonly sequences: SequenceManager | null;
  readonly metrics: ProducerMetricsRecorder;
  readonly log: LogSink;
  readonly listener: AcknowledgementListener | null;
  readonly onMetadataStale: () => void;
  /** A batch is stored; `ms` is how long its last request took. */
  readonly onStored?: ((ms: number) => void) | undefined;
  /** A batch has failed for good; `wasSequenced` tells that its sequence numbers cannot be used again. */
  readonly onGivenUp: (error: Error, wasSequenced: boolean) => void;
  /** A Produce response names a partition's new leader (KIP-951). */
  readonly onLeaderNamed: (
    topic: string,
    partition: number,
    leader: { leaderId: number; leaderEpoch: number },
    endpoints: readonly BrokerAddress[],
  ) => void;
}

/** Decides what becomes of each batch after its request: done, sent again, split, or failed (the second half of Kafka's `Sender`). */
export class ProduceOutcomes {
  private readonly backoff: RetryBackoff;
  private nextExpiry = Number.NEGATIVE_INFINITY;

  public constructor(private readonly dependencies: ProduceOutcomesDependencies) {
    const { retryBackoffMs, retryBackoffMaxMs } = dependencies.config;
    this.backoff = new RetryBackoff(Math.min(retryBackoffMs, retryBackoffMaxMs), retryBackoffMaxMs);
  }

  /**
   * Makes a batch ready for its first attempt, before it takes a sequence: closes and compresses it.
   * @returns false when that is not possible; its records have failed then
   */
  public prepare(batch: ProducerBatch, now: number): boolean {
    if (batch.isFinished) return true;
    const { codec, metrics, ratios } = this.dependencies;
    const { uncompressedBytes } = batch;
    try {
      const bytes = batch.finish();
      if (codec.id !== 0) ratios.observe(batch.queue.topic, bytes / uncompressedBytes);
      if (!batch.isPart) {
        metrics.batchSent(now, batch.recordCount, bytes, uncompressedBytes, now - batch.createdAt);
      }
      return true;
    } catch (error) {
      const cause = error instanceof Error ? error : new Error(String(error));
      const { topic, partition } = batch.queue;
      const message = `Records for ${topic}-${partition} were not sent: ${codec.type} could not compress them: ${cause.message}`;
      this.giveUp(batch, () => new DeliveryError(message, { topic, partition, cause }), now);
      return false;
    }
  }

  /** The broker has answered the request that held these batches. */
  public answered(batches: readonly ProducerBatch[], nodeId: number, response: ProduceResponse): void {
    const now = Date.now();
    for (const batch of batches) {
      const { topic, partition } = batch.queue;
      const answer = response.topics
        .find(({ name }) => name === topic)
        ?.partitions.find(({ index }) => index === partition);
      this.leaveWire(batch);
      if (answer === undefined) {
        batch.mayBeStored = true;
        const error = new BrokerConnectionError(`Broker ${nodeId} did not answer for ${topic}-${partition}.`, {
          topic,
          partition,
        });
        this.retryOrFail(batch, nodeId, error, now);
        continue;
      }
      if (answer.currentLeader !== null) {
        this.dependencies.onLeaderNamed(topic, partition, answer.currentLeader, response.nodeEndpoints);
      }
      this.decide(batch, nodeId, answer, now);
    }
  }

  /** The connection ended, or the request could not be sent: whether the batches were stored is not known. */
  public lost(batches: readonly ProducerBatch[], nodeId: number, cause: unknown): void {
    const now = Date.now();
    const error = cause instanceof Error ? cause : new Error(String(cause));
    this.dependencies.onMetadataStale();
    for (const batch of batches) {
      batch.mayBeStored = true;
      this.leaveWire(batch);
      this.retryOrFail(batch, nodeId, error, now);
    }
  }

  /** acks=0: the bytes have left. */
  public written(batches: readonly ProducerBatch[], now: number): void {
    for (const batch of batches) {
      this.leaveWire(batch);
      this.complete(batch, OFFSET_UNKNOWN, -1, now);
    }
  }

  /**
   * Fails batches whose delivery timeout has passed.
   * @returns when the next one is due, as milliseconds since the epoch
   */
  public expire(now: number): number {
    const { accumulator, config } = this.dependencies;
    if (accumulator.incomplete.size === 0) {
      // The next batch is not known yet: look again when there is one.
      this.nextExpiry = Number.NEGATIVE_INFINITY;
      return Number.POSITIVE_INFINITY;
    }
    if (now < this.nextExpiry) return this.nextExpiry;
    let next = Number.POSITIVE_INFINITY;
    for (const batch of accumulator.incomplete) {
      const due = batch.createdAt + config.deliveryTimeoutMs;
      if (due <= now) this.expireBatch(batch, now);
      else if (due < next) next = due;
    }
    // Without any left the next batch is not known yet: it may come before the next look.
    this.nextExpiry = accumulator.incomplete.size === 0 ? Number.NEGATIVE_INFINITY : next;
    return next;
  }

  /** Milliseconds since the oldest batch that is not completed was opened; 0 without one. */
  public oldestBatchAge(now: number): number {
    let age = 0;
    for (const batch of this.dependencies.accumulator.incomplete) age = Math.max(age, now - batch.createdAt);
    return age;
  }

  /** Fails a batch that may have been stored and cannot be sent again without the risk of storing it twice. */
  public abandon(batch: ProducerBatch): void {
    if (batch.isSettled) return;
    const failure = outcomeUnknown(batch, batch.lastError);
    this.dependencies.accumulator.remove(batch);
    this.giveUp(batch, () => failure, Date.now());
  }

  /** Fails what no request holds. */
  public abortUnsent(error: Error): void {
    const now = Date.now();
    for (const batch of this.dependencies.accumulator.incomplete) {
      if (batch.onWire) continue;
      this.dependencies.accumulator.remove(batch);
      this.giveUp(batch, () => error, now);
    }
  }

  /** Fails everything that is not completed, for a forced close or a fatal error. */
  public abortAll(error: Error): void {
    const now = Date.now();
    for (const batch of this.dependencies.accumulator.incomplete) {
      if (batch.onWire) batch.queue.inFlight--;
      else this.dependencies.accumulator.remove(batch);
      this.giveUp(batch, () => error, now);
    }
  }

  private leaveWire(batch: ProducerBatch): void {
    batch.onWire = false;
    if (!batch.isSettled) batch.queue.inFlight--;
  }

  private decide(batch: ProducerBatch, nodeId: number, answer: ProducePartitionResponse, now: number): void {
    const { errorCode } = answer;
    if (errorCode === NONE || errorCode === DUPLICATE_SEQUENCE_NUMBER) {
      this.complete(batch, errorCode === NONE ? answer.baseOffset : OFFSET_UNKNOWN, answer.logAppendTime, now);
    } else if (batch.isSettled) {
      this.dependencies.accumulator.deallocate(batch);
    } else if (TOO_LARGE_ERRORS.has(errorCode) && batch.recordCount > 1) {
      this.split(batch, now);
    } else {
      this.refused(batch, nodeId, answer, now);
    }
  }

  private refused(batch: ProducerBatch, nodeId: number, answer: ProducePartitionResponse, now: number): void {
    const { errorCode } = answer;
    const { topic, partition } = batch.queue;
    const error = new BrokerResponseError(errorCode, { topic, partition, api: 'Produce', detail: answer.errorMessage });
    if (APPENDED_ERRORS.has(errorCode)) batch.mayBeStored = true;
    if (SEQUENCE_ERRORS.has(errorCode) && batch.hasSequence) {
      this.resolveSequence(batch, nodeId, error, now);
      return;
    }
    if (lookupErrorCode(errorCode).category === 'refresh-retriable') this.dependencies.onMetadataStale();
    if (error.retriable) {
      this.retryOrFail(batch, nodeId, error, now);
      return;
    }
    const failure = TOO_LARGE_ERRORS.has(errorCode) ? tooLarge(error) : deliveryError(batch, error);
    this.giveUp(batch, recordErrors(answer, failure), now);
  }

  private resolveSequence(batch: ProducerBatch, nodeId: number, error: Error, now: number): void {
    const { log, sequences } = this.dependencies;
    const verdict = sequences?.refused(batch.queue, batch);
    if (verdict === 'stored') {
      this.complete(batch, OFFSET_UNKNOWN, -1, now);
      return;
    }
    if (verdict === 'check-topic') this.dependencies.onMetadataStale();
    if (verdict === 'outcome-unknown') {
      const failure = outcomeUnknown(batch, error);
      this.giveUp(batch, () => failure, now);
      return;
    }
    if (verdict === 'give-up') {
      const failure = deliveryError(batch, error);
      this.giveUp(batch, () => failure, now);
      return;
    }
    if (verdict === 'retry-under-new-epoch') {
      log.warn(`${error.message} The producer goes on under a new epoch.`);
    }
    this.retryOrFail(batch, nodeId, error, now);
  }

  private retryOrFail(batch: ProducerBatch, nodeId: number, error: Error, now: number): void {
    const { accumulator, config, metrics, sequences } = this.dependencies;
    if (batch.isSettled) {
      accumulator.deallocate(batch);
      sequences?.refresh(batch.queue);
      return;
    }
    const isFinal = error instanceof KafkaError && !error.retriable && !SEQUENCE_ERRORS.has(codeOf(error));
    const isLate = now - batch.createdAt >= config.deliveryTimeoutMs;
    if (isFinal || isLate || batch.attempts >= config.retries) {
      const failure = isLate ? this.timeoutError(batch, now, error) : deliveryError(batch, error);
      this.giveUp(batch, () => failure, now);
      return;
    }
    batch.attempts++;
    batch.waitingSince = now;
    batch.backoffMs = this.backoff.delay(batch.attempts);
    batch.lastLeader = nodeId;
    batch.lastError = error;
    metrics.recordsRetried(now, batch.recordCount);
    accumulator.reenqueue(batch);
    sequences?.refresh(batch.queue);
  }

  private split(batch: ProducerBatch, now: number): void {
    const { accumulator, codec, config, metrics, ratios, sequences } = this.dependencies;
    const { topic } = batch.queue;
    ratios.reset(topic, batch.sizeInBytes / Math.max(1, batch.uncompressedBytes));
    const children = splitBatch(batch, config.batchSize, codec, (capacity) =>
      accumulator.splitBuilder(topic, capacity),
    );
    metrics.batchSplitUp(now);
    accumulator.incomplete.delete(batch);
    accumulator.addSplit(children);
    batch.queue.sequence.replace(batch, children);
    // Front of the queue, the last one first: so they stand in order.
    for (const child of [...children].reverse()) accumulator.reenqueue(child);
    this.nextExpiry = Math.min(this.nextExpiry, batch.createdAt + config.deliveryTimeoutMs);
    sequences?.refresh(batch.queue);
  }

  private complete(batch: ProducerBatch, baseOffset: bigint, logAppendTime: number, now: number): void {
    const { accumulator, listener, sequences } = this.dependencies;
    sequences?.acknowledged(batch.queue, batch, now);
    if (!batch.isSettled) this.dependencies.onStored?.(now - batch.queue.sentAt);
    accumulator.incomplete.delete(batch);
    batch.complete(baseOffset, logAppendTime, listener);
    accumulator.recycle(batch);
    accumulator.deallocate(batch);
  }

  private expireBatch(batch: ProducerBatch, now: number): void {
    if (batch.onWire) batch.queue.inFlight--;
    else this.dependencies.accumulator.remove(batch);
    const error = this.timeoutError(batch, now, batch.lastError);
    this.giveUp(batch, () => error, now);
  }

  private giveUp(batch: ProducerBatch, errorAt: (index: number) => Error, now: number): void {
    const { accumulator, listener, metrics, sequences } = this.dependencies;
    const { hasSequence } = batch;
    accumulator.incomplete.delete(batch);
    metrics.recordsFailed(now, batch.recordCount);
    sequences?.gaveUp(batch.queue, batch);
    batch.fail(errorAt, listener);
    if (!batch.onWire) accumulator.deallocate(batch);
    this.dependencies.onGivenUp(errorAt(0), hasSequence);
  }

  private timeoutError(batch: ProducerBatch, now: number, cause: Error | undefined): DeliveryTimeoutError {
    const { topic, partition } = batch.queue;
    const { deliveryTimeoutMs } = this.dependencies.config;
    const sent = batch.onWire || batch.attempts > 0 || batch.hasSequence;
    const state = sent ? 'It was sent without a final answer and may have been stored.' : 'It was never sent.';
    const last = cause === undefined ? '' : ` Last error: ${cause.message}`;
    return new DeliveryTimeoutError(
      `${batch.recordCount} record(s) for ${topic}-${partition} were not acknowledged within deliveryTimeoutMs (${deliveryTimeoutMs} ms; ${now - batch.createdAt} ms have passed). ${state}${last}`,
      { topic, partition, cause },
    );
  }
}

function outcomeUnknown({ queue: { topic, partition } }: ProducerBatch, cause: Error | undefined): DeliveryError {
  return new DeliveryError(
    `Records for ${topic}-${partition} were sent, and what became of them can no longer be learned: they may have been stored. ` +
      'Sending them again could store them twice.',
    { topic, partition, cause },
  );
}

/** The end of a batch that no retry can help. After a lost connection nobody knows whether it was stored. */
function deliveryError(batch: ProducerBatch, cause: Error): DeliveryError {
  const { topic, partition } = batch.queue;
  const unknown = cause instanceof BrokerConnectionError ? ' The records may have been stored.' : '';
  return new DeliveryError(`${cause.message}${unknown}`, { topic, partition, cause });
}

function codeOf(error: Error): number {
  return error instanceof BrokerResponseError ? error.code : NONE;
}

function tooLarge(cause: BrokerResponseError): RecordTooLargeError {
  const { topic, partition } = cause;
  return new RecordTooLargeError(
    `A record for ${topic}-${partition} is larger than the topic's max.message.bytes. Raise it on the topic, or send less.`,
    { topic, partition, cause },
  );
}

/** A broker may name the records that made it refuse the batch (KIP-467); the others were refused for their company. */
function recordErrors(answer: ProducePartitionResponse, error: KafkaError): (index: number) => Error {
  if (answer.recordErrors.length === 0) return () => error;
  const named = new Map(answer.recordErrors.map(({ index, message }) => [index, message]));
  const { topic, partition } = error;
  const company = new DeliveryError(
    `The record was not stored because the broker refused another record of its batch for ${topic}-${partition}. Send it again.`,
    { topic, partition, cause: error },
  );
  return (index) => {
    const message = named.get(index);
    if (message === undefined) return company;
    return new DeliveryError(`${error.message}${message === null ? '' : ` ${message}`}`, {
      topic,
      partition,
      cause: error,
    });
  };
}
