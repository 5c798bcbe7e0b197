import type { CompressionCodec } from '../../wire/compression/compression-codec.js';
import { RecordBatchBuilder, recordSizeUpperBound, type BatchRecord } from '../../wire/record-batch-builder.js';
import type { ProducerConfig } from '../producer-config.js';
import type { BufferMemory } from './buffer-memory.js';
import type { ClusterTopic } from './cluster-topic.js';
import type { CompressionRatioEstimator } from './compression-ratio-estimator.js';
import { ProducerBatch, type Reject, type Resolve } from './producer-batch.js';
import type { PartitionQueue } from './partition-queue.js';
import { TopicQueues } from './topic-queues.js';

/** The partition is left to the built-in partitioner, which chooses when the record joins a batch (KIP-794). */
export const UNASSIGNED_PARTITION = -1;

/** There is no memory for a new batch. */
export const NO_MEMORY = 0;
export const APPENDED = 1;
/** The record has opened a batch: a sticky partitioner may move on. */
export const APPENDED_TO_NEW_BATCH = 2;
export type AppendResult = typeof NO_MEMORY | typeof APPENDED | typeof APPENDED_TO_NEW_BATCH;

/**
 * What a record costs in objects until it is acknowledged: its metadata and its promise. Counted into `buffer.memory`, which would be no bound for
 * small records otherwise: Kafka's client does not count them.
 */
const RECORD_OBJECTS_BYTES = 448;
/** Buffers of `batch.size` that are kept for the next batches. */
const MAX_SPARE_BUFFERS = 128;

export interface RecordAccumulatorDependencies {
  readonly config: ProducerConfig;
  readonly memory: BufferMemory;
  readonly codec: CompressionCodec;
  readonly ratios: CompressionRatioEstimator;
  /** A batch has become full, or a first one was opened: the sender may have work. */
  readonly onWork: (isFull: boolean) => void;
  /** A batch has been opened for a partition. */
  readonly onBatchOpened?: ((queue: PartitionQueue) => void) | undefined;
}

/** Collects records into batches, one queue per partition, within `buffer.memory` (Kafka's `RecordAccumulator`). */
export class RecordAccumulator {
  /** Batches that are not completed, oldest first but for the children of a split. */
  public readonly incomplete = new Set<ProducerBatch>();
  /** Partitions with batches that wait. */
  public readonly active = new Set<PartitionQueue>();

  /** Since when a broker's data has waited without being taken, by node id; kept by the sender (KIP-794). */
  public readonly waitingSince = new Map<number, number>();

  private readonly spareBuffers: Buffer[] = [];
  private readonly topics = new Map<string, TopicQueues>();
  public constructor(private readonly dependencies: RecordAccumulatorDependencies) {}

  /** The account of what batches hold. */
  public get memory(): BufferMemory {
    return this.dependencies.memory;
  }

  public topicQueues(topic: ClusterTopic): TopicQueues {
    let queues = this.topics.get(topic.name);
    if (queues?.topic !== topic) {
      const { batchSize, partitionerAdaptivePartitioningEnable, partitionerAvailabilityTimeoutMs } =
        this.dependencies.config;
      queues = new TopicQueues(topic, {
        stickyBytes: Math.max(1, batchSize),
        adaptive: partitionerAdaptivePartitioningEnable,
        availabilityTimeoutMs: partitionerAvailabilityTimeoutMs,
        waitingSince: this.waitingSince,
        known: queues,
      });
      this.topics.set(topic.name, queues);
    }
    return queues;
  }

  /**
   * Appends a record to the last batch of its partition, or to a new one.
   * @param partition a partition number, or `UNASSIGNED_PARTITION`
   * @returns `NO_MEMORY` when there is none for a new batch: nothing has changed then
   */
  public append(
    queues: TopicQueues,
    partition: number,
    record: BatchRecord,
    now: number,
    resolve: Resolve,
    reject: Reject | null,
  ): AppendResult {
    const isSticky = partition === UNASSIGNED_PARTITION;
    const queue = queues.queue(isSticky ? queues.stickyPartition() : partition);
    let batch = queue.tail;
    let size = batch === undefined ? -1 : this.roomFor(batch, record);
    let result: AppendResult = APPENDED;
    if (batch === undefined || size < 0) {
      const opened = this.openBatch(queue, now, recordSizeUpperBound(record));
      if (opened === null) return NO_MEMORY;
      batch?.close();
      batch = opened;
      result = APPENDED_TO_NEW_BATCH;
      size = batch.roomFor(record);
    }
    batch.append(record, resolve, reject);
    const { isFull } = batch;
    if (isSticky) queues.stickyAppended(size, isFull);
    if (isFull || result === APPENDED_TO_NEW_BATCH) this.dependencies.onWork(isFull || queue.waiting.length > 1);
    return result;
  }

  /** Resolves when every batch that exists now has been completed, with all that they are split into. */
  public settled(): Promise<void> {
    const batches = [...this.incomplete];
    if (batches.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      let open = batches.length;
      for (const batch of batches) {
        batch.onSettled(() => {
          if (--open === 0) resolve();
        });
      }
    });
  }

  /** Puts a batch back that has to be sent again. */
  public reenqueue(batch: ProducerBatch): void {
    batch.queue.reenqueue(batch);
    this.active.add(batch.queue);
  }

  /** Takes the head of a partition's queue. */
  public take(queue: PartitionQueue): ProducerBatch | undefined {
    const batch = queue.waiting.shift();
    if (queue.waiting.length === 0) this.active.delete(queue);
    return batch;
  }

  /** Takes a batch out of its queue, wherever it stands. */
  public remove(batch: ProducerBatch): void {
    batch.queue.remove(batch);
    if (batch.queue.waiting.length === 0) this.active.delete(batch.queue);
  }

  /** Keeps the buffer of a stored batch, unless an earlier attempt may still have it in a socket (KAFKA-19012). */
  public recycle(batch: ProducerBatch): void {
    if (batch.attempts > 0 || this.spareBuffers.length >= MAX_SPARE_BUFFERS) return;
    const buffer = batch.takeBuffer();
    if (buffer !== null && buffer.length === this.dependencies.config.batchSize) this.spareBuffers.push(buffer);
  }

  /** The batch has been completed, and no request holds its bytes any more. */
  public deallocate(batch: ProducerBatch): void {
    const { memoryBytes } = batch;
    batch.memoryBytes = 0;
    if (memoryBytes > 0) this.dependencies.memory.release(memoryBytes);
  }

  /** Adds the parts of a split batch; they take memory outside the account, as in Kafka, because their parent's is still held. */
  public addSplit(children: readonly ProducerBatch[]): void {
    for (const child of children) this.incomplete.add(child);
  }

  /** An empty batch of its own for records of a split. */
  public splitBuilder(topic: string, capacity: number): RecordBatchBuilder {
    const { codec, ratios } = this.dependencies;
    return new RecordBatchBuilder(capacity, codec, ratios.estimate(topic));
  }

  /** Room in an open batch, with memory for its growth, which only compression needs. */
  private roomFor(batch: ProducerBatch, record: BatchRecord): number {
    const size = batch.roomFor(record);
    if (size < 0) return -1;
    const growth = batch.growthFor(size) + RECORD_OBJECTS_BYTES;
    if (!this.dependencies.memory.tryAllocate(growth)) return -1;
    batch.memoryBytes += growth;
    return size;
  }

  private openBatch(queue: PartitionQueue, now: number, upperBound: number): ProducerBatch | null {
    const { config, memory, codec, ratios } = this.dependencies;
    const capacity = Math.max(Math.min(config.batchSize, config.bufferMemory), upperBound);
    const bytes = Math.min(capacity + RECORD_OBJECTS_BYTES, memory.totalBytes);
    if (!memory.tryAllocate(bytes)) return null;
    const buffer = capacity === config.batchSize ? this.spareBuffers.pop() : undefined;
    const builder = new RecordBatchBuilder(capacity, codec, ratios.estimate(queue.topic), buffer);
    const batch = new ProducerBatch(queue, builder, now, bytes);
    queue.waiting.push(batch);
    this.active.add(queue);
    this.incomplete.add(batch);
    this.dependencies.onBatchOpened?.(queue);
    return batch;
  }
}
