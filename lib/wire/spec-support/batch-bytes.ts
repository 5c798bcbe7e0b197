import type { CompressionCodec } from '../compression/compression-codec.js';
import { crc32c } from '../crc32c.js';
import { ProtocolWriter } from '../protocol/protocol-writer.js';
import { ATTRIBUTES_OFFSET, CONTROL_ATTRIBUTE, CRC_OFFSET, TRANSACTIONAL_ATTRIBUTE } from '../record-batch-format.js';

/** A record of a written batch. */
export interface WrittenRecord {
  /** Default: one more than the former record's, from the batch's base offset on. */
  readonly offset?: number;
  readonly timestamp?: number;
  readonly key?: Buffer | string | null;
  readonly value?: Buffer | string | null;
  readonly headers?: readonly (readonly [key: string, value: Buffer | null])[];
}

/** A record batch as a broker stores it. */
export interface WrittenBatch {
  readonly baseOffset: number;
  readonly records: readonly WrittenRecord[];
  /** Default: the last record's; higher where the end of the batch was compacted away. */
  readonly lastOffset?: number;
  readonly producerId?: bigint;
  readonly isTransactional?: boolean;
  readonly isControl?: boolean;
  readonly attributes?: number;
  readonly maxTimestamp?: number;
  readonly leaderEpoch?: number;
  readonly codec?: CompressionCodec;
  readonly magic?: number;
  readonly count?: number;
}

export const BASE_TIMESTAMP = 1_700_000_000_000;

/** Writes a batch field by field, as the protocol says: readers are not tested against our own builder only. */
export function batchBytes(batch: WrittenBatch): Buffer {
  const { baseOffset, records, producerId = -1n } = batch;
  const offsets = records.map(({ offset }, index) => offset ?? baseOffset + index);
  const body = bodyBytes(batch, offsets);
  const compressed = batch.codec === undefined ? body : batch.codec.compress(body);
  const writer = new ProtocolWriter(compressed.length + 61).int64FromNumber(baseOffset).int32(49 + compressed.length);
  writer
    .int32(batch.leaderEpoch ?? 3)
    .int8(batch.magic ?? 2)
    .uint32(0);
  writer.int16(
    (batch.attributes ?? 0) |
      (batch.codec?.id ?? 0) |
      (batch.isTransactional === true ? TRANSACTIONAL_ATTRIBUTE : 0) |
      (batch.isControl === true ? CONTROL_ATTRIBUTE : 0),
  );
  writer.int32((batch.lastOffset ?? offsets.at(-1) ?? baseOffset) - baseOffset);
  writer.int64FromNumber(BASE_TIMESTAMP).int64FromNumber(batch.maxTimestamp ?? BASE_TIMESTAMP);
  writer
    .int64(producerId)
    .int16(0)
    .int32(0)
    .int32(batch.count ?? records.length)
    .raw(compressed);
  return withChecksum(writer.toBuffer());
}

/** The marker that ends a transaction. */
export function markerBytes(baseOffset: number, producerId: bigint, kind: 'commit' | 'abort'): Buffer {
  const key = Buffer.from([0, 0, 0, kind === 'abort' ? 0 : 1]);
  return batchBytes({
    baseOffset,
    producerId,
    isTransactional: true,
    isControl: true,
    records: [{ key, value: Buffer.alloc(6) }],
  });
}

/** Corrects the checksum of a batch whose bytes were changed. */
export function withChecksum(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch, ATTRIBUTES_OFFSET), CRC_OFFSET);
  return batch;
}

function bodyBytes({ baseOffset, records }: WrittenBatch, offsets: readonly number[]): Buffer {
  const body = new ProtocolWriter(1_024);
  records.forEach(({ timestamp = BASE_TIMESTAMP, key = null, value = null, headers = [] }, index) => {
    const inner = new ProtocolWriter(64).int8(0).varlong(BigInt(timestamp - BASE_TIMESTAMP));
    inner.varint((offsets[index] ?? 0) - baseOffset);
    writeNullable(inner, key);
    writeNullable(inner, value);
    inner.varint(headers.length);
    for (const [name, content] of headers) {
      writeNullable(inner, name);
      writeNullable(inner, content);
    }
    body.varint(inner.length).raw(inner.toBuffer());
  });
  return body.toBuffer();
}

function writeNullable(writer: ProtocolWriter, value: Buffer | string | null): void {
  if (value === null) writer.varint(-1);
  else writer.varint(Buffer.byteLength(value)).raw(Buffer.from(value));
}
