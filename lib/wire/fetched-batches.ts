import type { CompressionCodec } from './compression/compression-codec.js';
import { decompressRecords } from './compression/decompress-records.js';
import { crc32c } from './crc32c.js';
import type { FetchedHeader, FetchedRecord } from './fetched-record.js';
import { MalformedResponseError } from './malformed-response-error.js';
import type { AbortedTransaction } from './protocol/fetch.js';
import {
  ATTRIBUTES_OFFSET,
  BASE_TIMESTAMP_OFFSET,
  COMPRESSION_CODEC_MASK,
  CONTROL_ATTRIBUTE,
  CRC_OFFSET,
  LAST_OFFSET_DELTA_OFFSET,
  LENGTH_OFFSET,
  LOG_APPEND_TIME_ATTRIBUTE,
  LOG_OVERHEAD_BYTES,
  MAGIC_OFFSET,
  MAGIC_V2,
  MAX_TIMESTAMP_OFFSET,
  PARTITION_LEADER_EPOCH_OFFSET,
  PRODUCER_ID_OFFSET,
  RECORD_BATCH_HEADER_BYTES,
  RECORDS_COUNT_OFFSET,
  TRANSACTIONAL_ATTRIBUTE,
} from './record-batch-format.js';

export interface FetchedBatchesSource {
  readonly topic: string;
  readonly partition: number;
  /** Record batches as a Fetch response has them. */
  readonly bytes: Buffer;
  /** Records below it are left out: a batch comes whole. */
  readonly fetchOffset: bigint;
  /** Of the Fetch response; null with read_uncommitted. */
  readonly abortedTransactions: readonly AbortedTransaction[] | null;
  /** Loaded; `DecompressionCodecs` loads those that the bytes need. */
  readonly codecs: readonly CompressionCodec[];
}

const NO_BODY = Buffer.alloc(0);
const NO_HEADERS: readonly FetchedHeader[] = [];
/** In the key of a transaction marker, behind its version: 0 aborts, 1 commits. */
const ABORT_MARKER = 0;
const MARKER_TYPE_OFFSET = 2;

/**
 * The records that came of one partition with one Fetch response, decoded when they are taken (Kafka's `CompletedFetch`). Every batch's checksum is
 * verified. Transaction markers are never records, and with read_committed neither is what was aborted.
 *
 * A Fetch response's list of aborted transactions is in the order of their markers. All of those that begin at or before a batch's last offset concern the
 * batch, until the producer's abort marker is met, which only a control batch can be.
 */
export class FetchedBatches {
  private readonly source: FetchedBatchesSource;
  /** By first offset, those that have not been reached yet. */
  private readonly upcoming: AbortedTransaction[];
  private readonly aborted = new Set<bigint>();
  /** Offsets are counted in numbers: they stay far below what a number holds exactly. */
  private next: number;
  /** Of the next batch, in the source's bytes. */
  private position = 0;

  // The batch that is being read.
  private body: Buffer = NO_BODY;
  private at = 0;
  private left = 0;
  private baseOffset = 0;
  private batchEnd = 0;
  private baseTimestamp = 0;
  /** Of all records of the batch, or null where each has its own. */
  private appendTime: number | null = null;
  private leaderEpoch = -1;
  /** What ended an earlier call that had records to give. */
  private failure: Error | null = null;

  public constructor(source: FetchedBatchesSource) {
    this.source = source;
    this.next = Number(source.fetchOffset);
    this.upcoming = [...(source.abortedTransactions ?? [])].sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  }

  /** Where reading goes on: everything below it was taken or is not there. */
  public get nextOffset(): bigint {
    return BigInt(this.next);
  }

  /** Whether nothing is left to take. A batch that is cut off does not count. */
  public get isExhausted(): boolean {
    if (this.failure !== null || this.left > 0) return false;
    const { bytes } = this.source;
    const available = bytes.length - this.position;
    return (
      available < LOG_OVERHEAD_BYTES ||
      bytes.readInt32BE(this.position + LENGTH_OFFSET) > available - LOG_OVERHEAD_BYTES
    );
  }

  /**
   * The next records, up to so many or about so many bytes; fewer when there are no more. What was read before damaged bytes is given first, the next call throws.
   * @throws MalformedResponseError for damaged bytes, and for batches older than Kafka 0.11; what the codec throws. `nextOffset` stays before them.
   */
  public take(maxRecords: number, maxBytes: number): FetchedRecord[] {
    if (this.failure !== null) throw this.failure;
    const records: FetchedRecord[] = [];
    let bytes = 0;
    try {
      while (records.length < maxRecords && bytes < maxBytes) {
        if (this.left === 0 && !this.openBatch()) break;
        const record = this.readRecord();
        if (record !== null) {
          records.push(record);
          bytes += record.sizeInBytes;
        }
        if (this.left === 0) this.endBatch();
      }
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error));
      if (records.length === 0) throw error;
    }
    return records;
  }

  /** Whole size of the next batch, or 0 when there is none that is complete. */
  private batchSize(): number {
    const { bytes } = this.source;
    const available = bytes.length - this.position;
    if (available < LOG_OVERHEAD_BYTES) return 0;
    const size = LOG_OVERHEAD_BYTES + bytes.readInt32BE(this.position + LENGTH_OFFSET);
    if (size < RECORD_BATCH_HEADER_BYTES) this.refuseShortBatch(size);
    return size <= available ? size : 0;
  }

  /**
   * Goes to the next batch that has records to take.
   * @returns whether there is one
   */
  private openBatch(): boolean {
    for (;;) {
      const size = this.batchSize();
      if (size === 0) return false;
      const batch = this.source.bytes.subarray(this.position, this.position + size);
      const lastOffset = this.verify(batch);
      const isWanted = lastOffset >= this.next && this.mayBeTaken(batch, lastOffset);
      const count = batch.readInt32BE(RECORDS_COUNT_OFFSET);
      if (isWanted && count !== 0) {
        this.enter(batch, count, lastOffset);
        this.position += size;
        return true;
      }
      this.position += size;
      if (lastOffset >= this.next) this.next = lastOffset + 1;
    }
  }

  /** @returns the batch's last offset */
  private verify(batch: Buffer): number {
    const magic = batch.readInt8(MAGIC_OFFSET);
    const baseOffset = Number(batch.readBigInt64BE(0));
    if (magic !== MAGIC_V2) {
      throw this.malformed(
        `The batch at offset ${baseOffset} has magic ${magic}; only ${MAGIC_V2} (Kafka 0.11 and later) is read. ` +
          'Have the topic rewritten by a producer of today, or seek beyond its old records',
      );
    }
    const crc = batch.readUInt32BE(CRC_OFFSET);
    const actual = crc32c(batch, ATTRIBUTES_OFFSET);
    if (crc !== actual) {
      throw this.malformed(`The batch at offset ${baseOffset} has checksum ${actual}, but says ${crc}`);
    }
    return baseOffset + batch.readInt32BE(LAST_OFFSET_DELTA_OFFSET);
  }

  private mayBeTaken(batch: Buffer, lastOffset: number): boolean {
    const attributes = batch.readInt16BE(ATTRIBUTES_OFFSET);
    const isControl = (attributes & CONTROL_ATTRIBUTE) !== 0;
    if (this.source.abortedTransactions === null) return !isControl;
    for (let first = this.upcoming[0]; first !== undefined && first.firstOffset <= lastOffset;) {
      this.aborted.add(first.producerId);
      this.upcoming.shift();
      first = this.upcoming[0];
    }
    const producerId = batch.readBigInt64BE(PRODUCER_ID_OFFSET);
    if (isControl) {
      if (this.aborted.has(producerId) && this.isAbortMarker(batch)) this.aborted.delete(producerId);
      return false;
    }
    return (attributes & TRANSACTIONAL_ATTRIBUTE) === 0 || !this.aborted.has(producerId);
  }

  private isAbortMarker(batch: Buffer): boolean {
    const count = batch.readInt32BE(RECORDS_COUNT_OFFSET);
    if (count === 0) return false;
    this.enter(batch, count, 0);
    this.varint();
    this.at++;
    this.varlong();
    this.varint();
    const keyLength = this.varint();
    const { body, at } = this;
    this.left = 0;
    this.body = NO_BODY;
    if (keyLength < MARKER_TYPE_OFFSET + 2 || at + keyLength > body.length) {
      throw this.malformed(`A transaction marker has a key of ${keyLength} bytes`);
    }
    return body.readInt16BE(at + MARKER_TYPE_OFFSET) === ABORT_MARKER;
  }

  private enter(batch: Buffer, count: number, lastOffset: number): void {
    const attributes = batch.readInt16BE(ATTRIBUTES_OFFSET);
    const codecId = attributes & COMPRESSION_CODEC_MASK;
    const compressed = batch.subarray(RECORD_BATCH_HEADER_BYTES);
    const body = decompressRecords(codecId, compressed, this.source.codecs);
    if (count < 0 || count > body.length) throw this.malformed(`A batch announces ${count} records`);
    this.body = body;
    this.at = 0;
    this.left = count;
    this.baseOffset = Number(batch.readBigInt64BE(0));
    this.batchEnd = lastOffset + 1;
    this.baseTimestamp = Number(batch.readBigInt64BE(BASE_TIMESTAMP_OFFSET));
    const isAppendTime = (attributes & LOG_APPEND_TIME_ATTRIBUTE) !== 0;
    this.appendTime = isAppendTime ? Number(batch.readBigInt64BE(MAX_TIMESTAMP_OFFSET)) : null;
    this.leaderEpoch = batch.readInt32BE(PARTITION_LEADER_EPOCH_OFFSET);
  }

  /** Offsets at the end of a batch may have been compacted away. */
  private endBatch(): void {
    if (this.at !== this.body.length) throw this.malformed(`${this.body.length - this.at} bytes follow a batch`);
    if (this.next > this.batchEnd) throw this.malformed(`A batch that ends at ${this.batchEnd} has records beyond`);
    this.next = this.batchEnd;
    this.body = NO_BODY;
    this.at = 0;
  }

  /** @returns null for a record that lies before the place where reading goes on */
  private readRecord(): FetchedRecord | null {
    const length = this.varint();
    const end = this.at + length;
    if (length < 0 || end > this.body.length) throw this.malformed(`A record says that it has ${length} bytes`);
    this.at++;
    const timestamp = this.baseTimestamp + this.varlong();
    const offset = this.baseOffset + this.varint();
    if (offset < this.next) {
      this.at = end;
      this.left--;
      return null;
    }
    const key = this.bytes(end);
    const value = this.bytes(end);
    const headersAt = this.at;
    const headers = this.headers(end);
    if (this.at !== end) throw this.malformed(`The record at offset ${offset} has ${end - this.at} bytes too many`);
    this.left--;
    this.next = offset + 1;
    return {
      topic: this.source.topic,
      partition: this.source.partition,
      offset: BigInt(offset),
      timestamp: this.appendTime ?? timestamp,
      timestampType: this.appendTime === null ? 'CreateTime' : 'LogAppendTime',
      leaderEpoch: this.leaderEpoch,
      key,
      value,
      headers,
      sizeInBytes: (key === null ? 0 : key.length) + (value === null ? 0 : value.length) + end - headersAt,
    };
  }

  private headers(end: number): readonly FetchedHeader[] {
    const count = this.varint();
    if (count === 0) return NO_HEADERS;
    // Every header takes two bytes or more.
    if (count < 0 || count * 2 > end - this.at) throw this.malformed(`A record announces ${count} headers`);
    const headers: FetchedHeader[] = [];
    for (let index = 0; index < count; index++) {
      const key = this.text(end);
      headers.push({ key, value: this.bytes(end) });
    }
    return headers;
  }

  private text(end: number): string {
    const length = this.varint();
    const start = this.at;
    if (length < 0 || length > end - start) throw this.malformed(`A header's name has ${length} bytes`);
    this.at = start + length;
    return this.body.toString('utf8', start, this.at);
  }

  private bytes(end: number): Buffer | null {
    const length = this.varint();
    if (length === -1) return null;
    const start = this.at;
    if (length < 0 || length > end - start) throw this.malformed(`A key or value has ${length} bytes`);
    this.at = start + length;
    return this.body.subarray(start, this.at);
  }

  private varint(): number {
    const { body } = this;
    let at = this.at;
    let byte = body[at++] ?? 0;
    let value = byte & 0x7f;
    for (let shift = 7; byte > 0x7f; shift += 7) {
      if (shift > 28) throw this.malformed('A varint has more than 32 bits');
      byte = body[at++] ?? 0;
      value |= (byte & 0x7f) << shift;
    }
    if (at > body.length) throw this.malformed('The bytes end early');
    this.at = at;
    return (value >>> 1) ^ -(value & 1);
  }

  /** Timestamps are further apart than 32 bits allow, but not than a number holds. */
  private varlong(): number {
    const { body } = this;
    let at = this.at;
    let byte = body[at++] ?? 0;
    let value = byte & 0x7f;
    for (let factor = 0x80; byte > 0x7f; factor *= 0x80) {
      if (factor > 2 ** 63) throw this.malformed('A varint has more than 64 bits');
      byte = body[at++] ?? 0;
      value += (byte & 0x7f) * factor;
    }
    if (at > body.length) throw this.malformed('The bytes end early');
    this.at = at;
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  private refuseShortBatch(size: number): never {
    throw this.malformed(`A record batch says that it has ${size} bytes, less than its header`);
  }

  private malformed(problem: string): MalformedResponseError {
    const { topic, partition } = this.source;
    return new MalformedResponseError(`${topic}-${partition}, near offset ${this.next}: ${problem}.`, {
      topic,
      partition,
    });
  }
}
