import type { CompressionCodec } from '../../wire/compression/compression-codec.js';
import { decodeRecordBatches, type DecodedBatch } from '../../wire/record-batch-decoder.js';
import type { FetchedPartition } from './broker-requests.js';
import type { StoredRecord } from './stored-record.js';

/** The sequence number after the largest is 0 again. */
const SEQUENCE_RANGE = 0x8000_0000;
/** In the key of a transaction marker, behind its version: 0 aborts, 1 commits. */
const ABORT_MARKER = 0;

/** Where the reading of one partition stands, and which producers' records are to be left out (Kafka's read_committed rule). */
export class PartitionScan {
  /** The next offset to fetch. */
  public position = 0n;
  private readonly aborted = new Set<bigint>();

  public constructor(
    public readonly topic: string,
    public readonly partition: number,
    private readonly codecs: readonly CompressionCodec[],
    private readonly visit: (record: StoredRecord) => void,
  ) {}

  /** Visits the records of a response from `position` up to, not including, `end`. */
  public accept(fetched: FetchedPartition, end: bigint): void {
    // Every response lists anew the aborted transactions that reach into it.
    const upcoming = [...fetched.abortedTransactions].sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
    this.aborted.clear();
    for (const batch of decodeRecordBatches(fetched.records, this.codecs)) {
      const lastOffset = batch.baseOffset + BigInt(batch.lastOffsetDelta);
      while (upcoming[0] !== undefined && upcoming[0].firstOffset <= lastOffset) {
        this.aborted.add(upcoming[0].producerId);
        upcoming.shift();
      }
      this.acceptBatch(batch, end);
      if (lastOffset >= this.position) this.position = lastOffset + 1n;
    }
  }

  private acceptBatch(batch: DecodedBatch, end: bigint): void {
    if (batch.isControl) {
      if (batch.records[0]?.key?.readInt16BE(2) === ABORT_MARKER) this.aborted.delete(batch.producerId);
      return;
    }
    if (batch.isTransactional && this.aborted.has(batch.producerId)) return;
    const { isTransactional, producerEpoch } = batch;
    const producerId = String(batch.producerId);
    for (const { offset, ...record } of batch.records) {
      if (offset < this.position || offset >= end) continue;
      const sequence = (batch.baseSequence + Number(offset - batch.baseOffset)) % SEQUENCE_RANGE;
      this.visit({
        ...record,
        topic: this.topic,
        partition: this.partition,
        offset: String(offset),
        producerId,
        producerEpoch,
        sequence: batch.producerId < 0n ? -1 : sequence,
        isTransactional,
      });
    }
  }
}
