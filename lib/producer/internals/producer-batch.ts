import type { BatchProducerState, BatchRecord, RecordBatchBuilder } from '../../wire/record-batch-builder.js';
import type { RecordMetadata } from '../record.js';
import type { PartitionQueue } from './partition-queue.js';
import { StoredRecordMetadata } from './record-metadata.js';
import { rejectDelivery } from './reject-delivery.js';

/** Called with the stored record's metadata; with a rejected promise where there is no `Reject`. */
export type Resolve = (outcome: RecordMetadata | Promise<never>) => void;
/** Called with the error and as much metadata as there is. A promise needs none: its `Resolve` takes a rejection too. */
export type Reject = (error: Error, metadata: RecordMetadata) => void;

/** Told of every record's outcome before its sender is. */
export type AcknowledgementListener = (metadata: RecordMetadata, error: Error | null) => void;

/** No sequence has been assigned. */
export const NO_SEQUENCE = -1;

/**
 * Records of one partition that travel, succeed, fail and expire together (Kafka's `ProducerBatch`). Its bytes and its partition never
 * change after the first attempt; it is completed exactly once.
 */
export class ProducerBatch {
  /** Attempts that have failed. */
  public attempts = 0;
  /** Time of the last failed attempt, or of creation. */
  public waitingSince: number;
  /** Milliseconds after `waitingSince` before the next attempt. */
  public backoffMs = 0;
  /** The leader that the last attempt went to: a new one need not wait for the back-off. */
  public lastLeader = -1;
  /** Made by a split: its records have been counted as sent before. */
  public isPart = false;
  /** A request that holds these bytes has not been answered yet. */
  public onWire = false;
  /** Some attempt may have been stored: it was never answered, or with an error that a leader may give after it has stored. */
  public mayBeStored = false;
  /** The broker has refused it as out of order, though it may be stored: those behind it are asked first. */
  public isOutOfOrder = false;
  /** Number of the last metadata response when it was refused behind an acknowledged one; -1 if it was not. */
  public refusedAtMetadata = -1;
  public producerId = -1n;
  public producerEpoch = -1;
  public baseSequence = NO_SEQUENCE;
  /** Why the last attempt failed. */
  public lastError: Error | undefined;

  // Numbers per record, not objects: thousands of records wait here, and whatever lives until the answer is copied by the garbage collector.
  private readonly timestamps: number[] = [];
  private readonly keySizes: number[] = [];
  private readonly valueSizes: number[] = [];
  private readonly resolves: Resolve[] = [];
  private readonly rejects: (Reject | null)[] = [];
  private open = true;
  private finished = false;
  private settled = false;
  private listeners: (() => void)[] = [];

  public constructor(
    public readonly queue: PartitionQueue,
    private readonly builder: RecordBatchBuilder,
    /** The delivery timeout counts from here. */
    public readonly createdAt: number,
    /** Bytes of `buffer.memory` that the batch holds; it may grow with compression. */
    public memoryBytes: number,
  ) {
    this.waitingSince = createdAt;
  }

  public get recordCount(): number {
    return this.timestamps.length;
  }

  /** Completed, either way. */
  public get isSettled(): boolean {
    return this.settled;
  }

  /** Takes no more records. */
  public get isFull(): boolean {
    return !this.open || this.builder.isFull;
  }

  /** Its records are compressed: an attempt has begun. */
  public get isFinished(): boolean {
    return this.finished;
  }

  public get hasSequence(): boolean {
    return this.baseSequence !== NO_SEQUENCE;
  }

  /** Bytes of the finished batch, estimated while it is open. */
  public get sizeInBytes(): number {
    return this.builder.estimatedBytes;
  }

  public get uncompressedBytes(): number {
    return this.builder.uncompressedBytes;
  }

  /** Bytes that the record takes here, or -1 when there is no room. */
  public roomFor(record: BatchRecord): number {
    return this.open ? this.builder.roomFor(record) : -1;
  }

  /** The buffer that the records were written to, to be used again: only when no request can hold it any more. */
  public takeBuffer(): Buffer | null {
    return this.builder.takeBuffer();
  }

  public growthFor(size: number): number {
    return this.builder.growthFor(size);
  }

  /** Appends a record for which there is room. */
  public append(record: BatchRecord, resolve: Resolve, reject: Reject | null): void {
    this.builder.append(record);
    this.timestamps.push(record.timestamp);
    this.keySizes.push(record.keySize);
    this.valueSizes.push(record.valueSize);
    this.resolves.push(resolve);
    this.rejects.push(reject);
  }

  /**
   * Closes the batch for appends and compresses its records.
   * @returns bytes on the wire
   */
  public finish(): number {
    this.open = false;
    const bytes = this.builder.finish();
    this.finished = true;
    return bytes;
  }

  /** Closes the batch for appends and gives its bytes under the current producer state. */
  public encode(transactional: boolean): Buffer {
    this.open = false;
    const state: BatchProducerState = {
      producerId: this.producerId,
      producerEpoch: this.producerEpoch,
      baseSequence: this.baseSequence,
      transactional,
    };
    return this.builder.build(state);
  }

  public close(): void {
    this.open = false;
  }

  public assignSequence(producerId: bigint, producerEpoch: number, baseSequence: number): void {
    this.producerId = producerId;
    this.producerEpoch = producerEpoch;
    this.baseSequence = baseSequence;
  }

  public clearSequence(): void {
    this.assignSequence(-1n, -1, NO_SEQUENCE);
    this.isOutOfOrder = false;
    this.refusedAtMetadata = -1;
  }

  /** Whether the batch may be sent as far as its back-off is concerned. */
  public isBackingOff(now: number, leader: number): boolean {
    return this.attempts > 0 && leader === this.lastLeader && now < this.waitingSince + this.backoffMs;
  }

  /**
   * Every record is stored.
   * @param baseOffset -1 when the broker does not tell
   * @param logAppendTime the broker's time, or -1
   */
  public complete(baseOffset: bigint, logAppendTime: number, listener: AcknowledgementListener | null): void {
    if (this.settled) return;
    this.settled = true;
    const { resolves } = this;
    const count = this.recordCount;
    const isSmall = baseOffset >= 0n && baseOffset <= BigInt(Number.MAX_SAFE_INTEGER - count);
    const base = isSmall ? Number(baseOffset) : 0;
    for (let index = 0; index < count; index++) {
      const metadata = this.metadataAt(index);
      if (isSmall) metadata.offset = String(base + index);
      else if (baseOffset >= 0n) metadata.offset = String(baseOffset + BigInt(index));
      if (logAppendTime >= 0) metadata.timestamp = logAppendTime;
      listener?.(metadata, null);
      resolves[index]?.(metadata);
    }
    this.release();
  }

  /** No record is known to be stored. `errorAt` gives each record its own error. */
  public fail(errorAt: (index: number) => Error, listener: AcknowledgementListener | null): void {
    if (this.settled) return;
    this.settled = true;
    for (let index = 0; index < this.recordCount; index++) {
      const metadata = this.metadataAt(index);
      const error = errorAt(index);
      listener?.(metadata, error);
      const resolve = this.resolves[index];
      if (resolve !== undefined) rejectDelivery(error, metadata, resolve, this.rejects[index] ?? null);
    }
    this.release();
  }

  /** Hands the records' senders on to the batches that a split has made; this batch ends when they have. */
  public replaceBy(children: readonly ProducerBatch[], recordCounts: readonly number[]): void {
    this.settled = true;
    let from = 0;
    let open = children.length;
    children.forEach((child, index) => {
      const to = from + (recordCounts[index] ?? 0);
      for (; from < to; from++) child.adopt(this, from);
      child.onSettled(() => {
        if (--open === 0) this.notify();
      });
    });
  }

  /** Calls back when the batch, and whatever it was split into, has been completed. */
  public onSettled(listener: () => void): void {
    this.listeners.push(listener);
  }

  private adopt(parent: ProducerBatch, index: number): void {
    const resolve = parent.resolves[index];
    if (resolve === undefined) return;
    this.timestamps.push(parent.timestamps[index] ?? -1);
    this.keySizes.push(parent.keySizes[index] ?? -1);
    this.valueSizes.push(parent.valueSizes[index] ?? -1);
    this.resolves.push(resolve);
    this.rejects.push(parent.rejects[index] ?? null);
  }

  private metadataAt(index: number): StoredRecordMetadata {
    const { topic, partition } = this.queue;
    return new StoredRecordMetadata(
      topic,
      partition,
      this.timestamps[index] ?? -1,
      this.keySizes[index] ?? -1,
      this.valueSizes[index] ?? -1,
    );
  }

  private release(): void {
    this.resolves.length = 0;
    this.rejects.length = 0;
    this.notify();
  }

  private notify(): void {
    for (const listener of this.listeners.splice(0)) listener();
  }
}
