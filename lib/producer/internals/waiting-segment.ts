import type { EncodedHeaders } from '../../wire/record-batch-builder.js';
import type { ProducerRecord } from '../record.js';
import type { Reject, Resolve } from './producer-batch.js';
import { SerializedRecord } from './record-serializer.js';

/** The partition of a waiting record that nobody has chosen yet. */
export const NOT_CHOSEN = -2;

/** Who waits, apart from the record's bytes. */
export interface WaitingSend {
  readonly topic: string;
  /** The one that `send` named or a partitioner chose, `UNASSIGNED_PARTITION`, or `NOT_CHOSEN`. */
  partition: number;
  /** As given to `send`, for a partitioner that wants to see key and value; null when it is not needed. */
  readonly original: ProducerRecord | null;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly resolve: Resolve;
  readonly reject: Reject | null;
}

/** A send that has been taken out of its segment. */
export interface TakenSend extends WaitingSend {
  /** Where it was, for `readRecord` and `putBack`. */
  readonly segment: WaitingSegment;
  readonly index: number;
  readonly position: number;
}

export type SendFilter = (startedAt: number, partition: number) => boolean;

/**
 * What a send costs beside the bytes of its record, until it is settled: its promise with the function that settles it (160 bytes in V8), what the
 * caller hangs on to it with `then` (96), its place here, and what the heap needs to hold them.
 */
const SEND_OBJECTS_BYTES = 352;
/** The record as it was given, beside its key and value. */
const ORIGINAL_OBJECTS_BYTES = 256;

/** In front of the bytes of each record. */
const STARTED_AT = 0;
const TIMESTAMP = 8;
const PARTITION = 16;
const TOPIC = 20;
const KEY_BYTES = 24;
const VALUE_BYTES = 28;
const HEADER_COUNT = 32;
const HEADER_BYTES = 36;
const FIELDS_BYTES = 40;

/** Bytes of a segment that a record takes. */
export function storedBytes({ keySize, valueSize, headers }: SerializedRecord): number {
  return FIELDS_BYTES + Math.max(0, keySize) + Math.max(0, valueSize) + (headers?.bytes.length ?? 0);
}

/** What a send costs as objects; a record of which the original is kept, too, about twice. */
export function objectCost(keyBytes: number, valueBytes: number, hasOriginal: boolean): number {
  if (!hasOriginal) return SEND_OBJECTS_BYTES;
  return SEND_OBJECTS_BYTES + ORIGINAL_OBJECTS_BYTES + Math.max(0, keyBytes) + Math.max(0, valueBytes);
}

/**
 * A stretch of waiting sends, in order. Their records lie side by side in one buffer, not in objects of their own: hundreds of thousands may wait, and
 * then objects would take several times the memory of small records.
 */
export class WaitingSegment {
  /** No send here has a higher partition. */
  public highestPartition = NOT_CHOSEN;
  /** Since when all of them wait for memory alone; 0: each since its start. */
  public readyAt = 0;

  private readonly resolves: (Resolve | null)[] = [];
  /** null while none of them has a function for its failure. */
  private rejects: (Reject | null)[] | null = null;
  private originals: (ProducerRecord | null)[] | null = null;
  private readonly topics: string[] = [];
  private end = 0;
  private nextIndex = 0;
  private nextPosition = 0;
  private remaining = 0;
  private objects = 0;
  private oldest = Number.POSITIVE_INFINITY;
  /** Since one has left, `oldest` may be too old. */
  private isOldestKnown = true;

  /**
   * @param bytes for the records
   * @param generation of `WaitingMemory` when it was made
   */
  public constructor(
    public readonly bytes: Buffer,
    public readonly generation: number,
  ) {}

  /** Sends that wait here. */
  public get length(): number {
    return this.remaining;
  }

  /** What its sends cost as objects. */
  public get objectBytes(): number {
    return this.objects;
  }

  /** When the one that has waited longest has started; infinity when nobody waits. */
  public get oldestStart(): number {
    if (!this.isOldestKnown) this.findOldest();
    return this.oldest;
  }

  /** Whether a send for the topic may wait here: it does, or has. */
  public mayHold(topic: string): boolean {
    return this.remaining > 0 && this.topics.includes(topic);
  }

  public hasRoomFor(record: SerializedRecord): boolean {
    return this.end + storedBytes(record) <= this.bytes.length;
  }

  /** Appends a send for whose record there is room. */
  public push(send: WaitingSend, record: SerializedRecord): void {
    const index = this.resolves.length;
    this.resolves.push(send.resolve);
    if (send.reject !== null) (this.rejects ??= [])[index] = send.reject;
    if (send.original !== null) (this.originals ??= [])[index] = send.original;
    this.write(send, record);
    this.remaining++;
    this.objects += objectCost(record.keySize, record.valueSize, send.original !== null);
    this.oldest = Math.min(this.oldest, send.startedAt);
    this.highestPartition = Math.max(this.highestPartition, send.partition);
  }

  /** Takes the first. */
  public shift(): TakenSend | undefined {
    for (; this.nextIndex < this.resolves.length; this.skip()) {
      const taken = this.take(this.nextIndex, this.nextPosition);
      if (taken === undefined) continue;
      this.skip();
      return taken;
    }
    return undefined;
  }

  /** Undoes the `shift` that gave it, with the partition that has been chosen meanwhile. Nothing may have been shifted since. */
  public putBack(send: TakenSend): void {
    const { index, position } = send;
    this.resolves[index] = send.resolve;
    if (send.reject !== null) (this.rejects ??= [])[index] = send.reject;
    if (send.original !== null) (this.originals ??= [])[index] = send.original;
    this.bytes.writeInt32LE(send.partition, position + PARTITION);
    this.nextIndex = index;
    this.nextPosition = position;
    this.remaining++;
    this.objects += this.costAt(position, send.original !== null);
    this.oldest = Math.min(this.oldest, send.startedAt);
    this.highestPartition = Math.max(this.highestPartition, send.partition);
  }

  /** Takes out what matches, in order. */
  public extract(matches: SendFilter): TakenSend[] {
    const taken: TakenSend[] = [];
    this.forEachWaiting((index, position) => {
      const startedAt = this.bytes.readDoubleLE(position + STARTED_AT);
      if (!matches(startedAt, this.bytes.readInt32LE(position + PARTITION))) return;
      const send = this.take(index, position);
      if (send !== undefined) taken.push(send);
    });
    return taken;
  }

  /** The record of a send that was taken from here; its bytes are those of the segment. */
  public readRecord({ topic, position }: TakenSend): SerializedRecord {
    const { bytes } = this;
    const keySize = bytes.readInt32LE(position + KEY_BYTES);
    const valueSize = bytes.readInt32LE(position + VALUE_BYTES);
    const keyStart = position + FIELDS_BYTES;
    const valueStart = keyStart + Math.max(0, keySize);
    return new SerializedRecord(
      topic,
      bytes.readDoubleLE(position + TIMESTAMP),
      keySize < 0 ? null : bytes.subarray(keyStart, valueStart),
      valueSize < 0 ? null : bytes.subarray(valueStart, valueStart + valueSize),
      this.readHeaders(position, valueStart + Math.max(0, valueSize)),
    );
  }

  private take(index: number, position: number): TakenSend | undefined {
    const resolve = this.resolves[index] ?? null;
    if (resolve === null) return undefined;
    const reject = this.rejects?.[index] ?? null;
    const original = this.originals?.[index] ?? null;
    this.resolves[index] = null;
    if (this.rejects !== null) this.rejects[index] = null;
    if (this.originals !== null) this.originals[index] = null;
    this.remaining--;
    this.isOldestKnown = false;
    this.objects -= this.costAt(position, original !== null);
    return {
      topic: this.topics[this.bytes.readInt32LE(position + TOPIC)] ?? '',
      partition: this.bytes.readInt32LE(position + PARTITION),
      original,
      startedAt: this.bytes.readDoubleLE(position + STARTED_AT),
      resolve,
      reject,
      segment: this,
      index,
      position,
    };
  }

  private findOldest(): void {
    let oldest = Number.POSITIVE_INFINITY;
    this.forEachWaiting((_, position) => {
      oldest = Math.min(oldest, this.bytes.readDoubleLE(position + STARTED_AT));
    });
    this.oldest = oldest;
    this.isOldestKnown = true;
  }

  private forEachWaiting(visit: (index: number, position: number) => void): void {
    // The buffer of an empty segment may hold the records of another one by now.
    if (this.remaining === 0) return;
    let position = this.nextPosition;
    for (let index = this.nextIndex; index < this.resolves.length; index++) {
      if (this.resolves[index] !== null) visit(index, position);
      position += this.sizeAt(position);
    }
  }

  private skip(): void {
    this.nextPosition += this.sizeAt(this.nextPosition);
    this.nextIndex++;
  }

  private sizeAt(position: number): number {
    const { bytes } = this;
    const key = Math.max(0, bytes.readInt32LE(position + KEY_BYTES));
    const value = Math.max(0, bytes.readInt32LE(position + VALUE_BYTES));
    return FIELDS_BYTES + key + value + bytes.readInt32LE(position + HEADER_BYTES);
  }

  private costAt(position: number, hasOriginal: boolean): number {
    if (!hasOriginal) return SEND_OBJECTS_BYTES;
    return objectCost(
      this.bytes.readInt32LE(position + KEY_BYTES),
      this.bytes.readInt32LE(position + VALUE_BYTES),
      true,
    );
  }

  private write(send: WaitingSend, record: SerializedRecord): void {
    const { bytes, end } = this;
    const { key, keySize, value, valueSize, headers } = record;
    bytes.writeDoubleLE(send.startedAt, end + STARTED_AT);
    bytes.writeDoubleLE(record.timestamp, end + TIMESTAMP);
    bytes.writeInt32LE(send.partition, end + PARTITION);
    bytes.writeInt32LE(this.topicIndex(send.topic), end + TOPIC);
    bytes.writeInt32LE(keySize, end + KEY_BYTES);
    bytes.writeInt32LE(valueSize, end + VALUE_BYTES);
    bytes.writeInt32LE(headers === null ? -1 : headers.count, end + HEADER_COUNT);
    bytes.writeInt32LE(headers === null ? 0 : headers.bytes.length, end + HEADER_BYTES);
    let position = end + FIELDS_BYTES;
    if (key !== null) position = this.copy(key, position);
    // One byte per character means ASCII, for which the latin1 copy is the faster one.
    if (typeof value === 'string')
      position += bytes.write(value, position, valueSize, valueSize === value.length ? 'latin1' : 'utf8');
    else if (value !== null) position = this.copy(value, position);
    if (headers !== null) position = this.copy(headers.bytes, position);
    this.end = position;
  }

  private copy(source: Uint8Array, position: number): number {
    this.bytes.set(source, position);
    return position + source.length;
  }

  private topicIndex(topic: string): number {
    const index = this.topics.lastIndexOf(topic);
    return index < 0 ? this.topics.push(topic) - 1 : index;
  }

  private readHeaders(position: number, start: number): EncodedHeaders | null {
    const count = this.bytes.readInt32LE(position + HEADER_COUNT);
    if (count < 0) return null;
    const length = this.bytes.readInt32LE(position + HEADER_BYTES);
    return { count, bytes: this.bytes.subarray(start, start + length) };
  }
}
