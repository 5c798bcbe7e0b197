import { crc32c } from './crc32c.js';
import type { CompressionCodec } from './compression/compression-codec.js';
import {
  ATTRIBUTES_OFFSET,
  BASE_SEQUENCE_OFFSET,
  BASE_TIMESTAMP_OFFSET,
  CRC_OFFSET,
  LAST_OFFSET_DELTA_OFFSET,
  LENGTH_OFFSET,
  MAGIC_OFFSET,
  MAX_TIMESTAMP_OFFSET,
  PARTITION_LEADER_EPOCH_OFFSET,
  PRODUCER_EPOCH_OFFSET,
  PRODUCER_ID_OFFSET,
  RECORDS_COUNT_OFFSET,
  RECORD_BATCH_HEADER_BYTES,
  TRANSACTIONAL_ATTRIBUTE,
  uvarintSize,
} from './record-batch-format.js';

/** Serialized headers of one record: the count and the bytes after it. */
export interface EncodedHeaders {
  readonly count: number;
  readonly bytes: Buffer;
}

/** A record as the batch takes it: serialized, sized, stamped. */
export interface BatchRecord {
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  /** Bytes, -1 for null. */
  readonly keySize: number;
  /** Text is written as UTF-8. */
  readonly value: Uint8Array | string | null;
  /** Bytes, -1 for null. */
  readonly valueSize: number;
  readonly headers: EncodedHeaders | null;
}

/** Who wrote the batch, as idempotence needs it; all -1 without. */
export interface BatchProducerState {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly transactional: boolean;
}

/** Everything a record may need beyond key, value and headers: attributes, and the longest varints (Kafka's `MAX_RECORD_OVERHEAD`). */
const MAX_RECORD_OVERHEAD = 21;
/** What a compressed batch is expected to need beyond the estimate (Kafka's `COMPRESSION_RATE_ESTIMATION_FACTOR`). */
const COMPRESSION_SAFETY = 1.05;
/** Consumers built on kafkajs die of batches with more than about 125 000 records; only well compressed small ones come near. */
const MAX_RECORDS = 100_000;
/** Beyond this, zig-zag no longer fits 32 bits. */
const MAX_SMALL_DELTA = 0x3fffffff;

/** Bytes of a length and of what it announces; -1 stands for null. */
function sizedLength(length: number): number {
  return length < 0 ? 1 : uvarintSize(length * 2) + length;
}

/** An upper bound for one record in a batch of its own (Kafka's `estimateSizeInBytesUpperBound`). */
export function recordSizeUpperBound(record: BatchRecord): number {
  return (
    RECORD_BATCH_HEADER_BYTES +
    MAX_RECORD_OVERHEAD +
    sizedLength(record.keySize) +
    sizedLength(record.valueSize) +
    headersSize(record.headers)
  );
}

function headersSize(headers: EncodedHeaders | null): number {
  return headers === null ? 1 : uvarintSize(headers.count * 2) + headers.bytes.length;
}

/**
 * Writes records straight into the bytes of a record batch v2 as they arrive (Kafka's `MemoryRecordsBuilder`): one pass, one buffer, no
 * object per record. `build` compresses once and may be called again with another producer state.
 */
export class RecordBatchBuilder {
  private buffer: Buffer;
  private position = RECORD_BATCH_HEADER_BYTES;
  private count = 0;
  private baseTimestamp = 0;
  private maxTimestamp = 0;
  private finished: Buffer | null = null;

  /**
   * @param capacity bytes of the first buffer, and of the finished batch, which only a first record may exceed
   * @param expectedRatio what the codec made of earlier batches: compressed divided by uncompressed size
   * @param buffer one of `capacity` bytes to be used again
   */
  public constructor(
    private readonly capacity: number,
    private readonly codec: CompressionCodec,
    private readonly expectedRatio: number,
    buffer: Buffer | null = null,
  ) {
    this.buffer = buffer ?? Buffer.allocUnsafe(capacity);
  }

  /** The buffer that the records were written to, for another batch; this one must not be used any more. Null when it has been replaced. */
  public takeBuffer(): Buffer | null {
    return this.finished === null || this.codec.id === 0 ? this.buffer : null;
  }

  public get recordCount(): number {
    return this.count;
  }

  /** Bytes of memory that the builder holds. */
  public get allocatedBytes(): number {
    return this.buffer.length;
  }

  /** Header and records before compression. */
  public get uncompressedBytes(): number {
    return this.position;
  }

  /** What the batch takes on the wire, as far as it can be told before compression. */
  public get estimatedBytes(): number {
    if (this.finished !== null) return this.finished.length;
    if (this.codec.id === 0) return this.position;
    const records = this.position - RECORD_BATCH_HEADER_BYTES;
    return RECORD_BATCH_HEADER_BYTES + Math.ceil(records * this.expectedRatio * COMPRESSION_SAFETY);
  }

  /** No further record is worth trying. */
  public get isFull(): boolean {
    return this.count >= MAX_RECORDS || (this.count > 0 && this.capacity <= this.estimatedBytes);
  }

  /** Bytes that one more record takes, or -1 when the batch has no room for it. */
  public roomFor(record: BatchRecord): number {
    if (this.count >= MAX_RECORDS) return -1;
    const body = this.bodySize(record);
    const size = uvarintSize(body * 2) + body;
    return this.count === 0 || this.capacity >= this.estimatedBytes + size ? size : -1;
  }

  /** Whether the buffer must grow for `size` more bytes: only with compression, where records shrink later. */
  public growthFor(size: number): number {
    const needed = this.position + size;
    return needed <= this.buffer.length ? 0 : Math.max(needed, this.buffer.length * 2) - this.buffer.length;
  }

  /** Appends a record for which there is room: wholly, or, when the stack or the heap gives out, not at all. */
  public append(record: BatchRecord): void {
    const { position } = this;
    try {
      this.write(record);
      this.count++;
    } catch (error) {
      this.position = position;
      throw error;
    }
  }

  private write(record: BatchRecord): void {
    const { timestamp, key, value, valueSize } = record;
    if (this.count === 0) {
      this.baseTimestamp = timestamp;
      this.maxTimestamp = timestamp;
    } else if (timestamp > this.maxTimestamp) {
      this.maxTimestamp = timestamp;
    }
    const body = this.bodySize(record);
    this.ensure(uvarintSize(body * 2) + body);

    this.writeVarint(body * 2);
    this.buffer[this.position++] = 0;
    this.writeTimestampDelta(timestamp - this.baseTimestamp);
    this.writeVarint(this.count * 2);
    if (key === null) {
      this.buffer[this.position++] = 1;
    } else {
      this.writeVarint(key.length * 2);
      this.writeBytes(key);
    }
    this.writeValue(value, valueSize);
    this.writeHeaders(record.headers);
  }

  /**
   * Compresses the records; nothing may be appended after it.
   * @returns bytes of the finished batch
   * @throws what the codec throws
   */
  public finish(): number {
    this.finished ??= this.compressedWithHeader();
    return this.finished.length;
  }

  /**
   * The finished batch. Records are compressed by the first call; the bytes returned stay valid until the next one.
   */
  public build(state: BatchProducerState): Buffer {
    const batch = (this.finished ??= this.compressedWithHeader());
    batch.writeInt16BE(this.codec.id | (state.transactional ? TRANSACTIONAL_ATTRIBUTE : 0), ATTRIBUTES_OFFSET);
    batch.writeBigInt64BE(state.producerId, PRODUCER_ID_OFFSET);
    batch.writeInt16BE(state.producerEpoch, PRODUCER_EPOCH_OFFSET);
    batch.writeInt32BE(state.baseSequence, BASE_SEQUENCE_OFFSET);
    batch.writeUInt32BE(crc32c(batch, ATTRIBUTES_OFFSET), CRC_OFFSET);
    return batch;
  }

  private compressedWithHeader(): Buffer {
    const batch = this.compressed();
    batch.fill(0, 0, LENGTH_OFFSET);
    batch.writeInt32BE(batch.length - LENGTH_OFFSET - 4, LENGTH_OFFSET);
    batch.writeInt32BE(-1, PARTITION_LEADER_EPOCH_OFFSET);
    batch.writeInt8(2, MAGIC_OFFSET);
    batch.writeInt32BE(this.count - 1, LAST_OFFSET_DELTA_OFFSET);
    batch.writeBigInt64BE(BigInt(this.baseTimestamp), BASE_TIMESTAMP_OFFSET);
    batch.writeBigInt64BE(BigInt(this.maxTimestamp), MAX_TIMESTAMP_OFFSET);
    batch.writeInt32BE(this.count, RECORDS_COUNT_OFFSET);
    return batch;
  }

  private compressed(): Buffer {
    if (this.codec.id === 0) return this.buffer.subarray(0, this.position);
    const records = this.codec.compress(this.buffer.subarray(RECORD_BATCH_HEADER_BYTES, this.position));
    const batch = Buffer.allocUnsafe(RECORD_BATCH_HEADER_BYTES + records.length);
    records.copy(batch, RECORD_BATCH_HEADER_BYTES);
    // The uncompressed records are not needed again: a split decodes the finished batch.
    this.buffer = batch;
    return batch;
  }

  private bodySize(record: BatchRecord): number {
    const delta = this.count === 0 ? 0 : record.timestamp - this.baseTimestamp;
    return (
      1 +
      timestampDeltaSize(delta) +
      uvarintSize(this.count * 2) +
      sizedLength(record.keySize) +
      sizedLength(record.valueSize) +
      headersSize(record.headers)
    );
  }

  private ensure(size: number): void {
    const growth = this.growthFor(size);
    if (growth === 0) return;
    const larger = Buffer.allocUnsafe(this.buffer.length + growth);
    this.buffer.copy(larger, 0, 0, this.position);
    this.buffer = larger;
  }

  private writeVarint(value: number): void {
    const { buffer } = this;
    let { position } = this;
    let rest = value;
    while (rest > 0x7f) {
      buffer[position++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    buffer[position++] = rest;
    this.position = position;
  }

  private writeTimestampDelta(delta: number): void {
    if (delta <= MAX_SMALL_DELTA && delta >= -MAX_SMALL_DELTA) {
      this.writeVarint(delta >= 0 ? delta * 2 : -delta * 2 - 1);
      return;
    }
    let rest = zigzagLong(delta);
    while (rest > 0x7fn) {
      this.buffer[this.position++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.buffer[this.position++] = Number(rest);
  }

  private writeValue(value: Uint8Array | string | null, size: number): void {
    if (value === null) {
      this.buffer[this.position++] = 1;
      return;
    }
    this.writeVarint(size * 2);
    if (typeof value !== 'string') {
      this.writeBytes(value);
      return;
    }
    // One byte per character means ASCII, for which the latin1 copy is the faster one.
    this.buffer.write(value, this.position, size, size === value.length ? 'latin1' : 'utf8');
    this.position += size;
  }

  private writeHeaders(headers: EncodedHeaders | null): void {
    if (headers === null) {
      this.buffer[this.position++] = 0;
      return;
    }
    this.writeVarint(headers.count * 2);
    this.writeBytes(headers.bytes);
  }

  private writeBytes(bytes: Uint8Array): void {
    this.buffer.set(bytes, this.position);
    this.position += bytes.length;
  }
}

function timestampDeltaSize(delta: number): number {
  if (delta <= MAX_SMALL_DELTA && delta >= -MAX_SMALL_DELTA)
    return uvarintSize(delta >= 0 ? delta * 2 : -delta * 2 - 1);
  let size = 1;
  for (let rest = zigzagLong(delta); rest > 0x7fn; rest >>= 7n) size++;
  return size;
}

function zigzagLong(value: number): bigint {
  const long = BigInt(value);
  return long >= 0n ? long * 2n : -long * 2n - 1n;
}
