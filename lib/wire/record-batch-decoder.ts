import { compressionTypeOf } from './compression/compression-type-ids.js';
import type { CompressionCodec, CompressionType } from './compression/compression-codec.js';
import { decompressRecords } from './compression/decompress-records.js';
import { crc32c } from './crc32c.js';
import { MalformedResponseError } from './malformed-response-error.js';
import { ProtocolReader } from './protocol/protocol-reader.js';
import {
  ATTRIBUTES_OFFSET,
  COMPRESSION_CODEC_MASK,
  CONTROL_ATTRIBUTE,
  CRC_OFFSET,
  LENGTH_OFFSET,
  LOG_APPEND_TIME_ATTRIBUTE,
  LOG_OVERHEAD_BYTES,
  MAGIC_OFFSET,
  MAGIC_V2,
  RECORD_BATCH_HEADER_BYTES,
  TRANSACTIONAL_ATTRIBUTE,
} from './record-batch-format.js';

/** A header of a record. Names may repeat, and any name is data. */
export interface DecodedHeader {
  readonly key: string;
  readonly value: Buffer | null;
}

/** A record as stored. */
export interface DecodedRecord {
  readonly offset: bigint;
  /** Milliseconds since 1970: the client's, or the broker's with LogAppendTime. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly DecodedHeader[];
}

/** A record batch of magic 2, with every field of its header. */
export interface DecodedBatch {
  readonly baseOffset: bigint;
  readonly partitionLeaderEpoch: number;
  readonly crc: number;
  readonly attributes: number;
  readonly compression: CompressionType;
  readonly timestampType: 'CreateTime' | 'LogAppendTime';
  readonly isTransactional: boolean;
  /** A transaction marker: its only record is not data. */
  readonly isControl: boolean;
  readonly lastOffsetDelta: number;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  /** Size as stored, header included. */
  readonly sizeInBytes: number;
  readonly records: readonly DecodedRecord[];
}

const SUBJECT = 'Record batch';

/**
 * Reads the record batches of a log segment or a Fetch response, and verifies their checksums. A last batch that is cut off is left
 * out, since a broker cuts a Fetch response at the size asked for. Keys and values of uncompressed batches are views into `bytes`.
 *
 * @param codecs the loaded codecs; none are needed for uncompressed batches
 * @throws MalformedResponseError if a batch is damaged, or older than magic 2
 */
export function decodeRecordBatches(bytes: Buffer, codecs: readonly CompressionCodec[] = []): DecodedBatch[] {
  const batches: DecodedBatch[] = [];
  let position = 0;
  while (bytes.length - position >= LOG_OVERHEAD_BYTES) {
    const length = bytes.readInt32BE(position + LENGTH_OFFSET);
    if (length < RECORD_BATCH_HEADER_BYTES - LOG_OVERHEAD_BYTES) {
      throw new MalformedResponseError(
        `A record batch at byte ${position} says it has ${length} bytes, less than its header`,
      );
    }
    const end = position + LOG_OVERHEAD_BYTES + length;
    if (end > bytes.length) break;
    batches.push(decodeBatch(bytes.subarray(position, end), codecs));
    position = end;
  }
  return batches;
}

function decodeBatch(bytes: Buffer, codecs: readonly CompressionCodec[]): DecodedBatch {
  const magic = bytes.readInt8(MAGIC_OFFSET);
  if (magic !== MAGIC_V2) {
    throw new MalformedResponseError(
      `A record batch has magic ${magic}; only ${MAGIC_V2} (Kafka 0.11 and later) is read`,
    );
  }
  const crc = bytes.readUInt32BE(CRC_OFFSET);
  const actualCrc = crc32c(bytes, ATTRIBUTES_OFFSET);
  if (crc !== actualCrc) {
    throw new MalformedResponseError(
      `A record batch has checksum ${actualCrc}, but says ${crc}: its bytes were changed`,
    );
  }

  const header = new ProtocolReader(bytes, SUBJECT);
  const baseOffset = header.int64();
  header.skip(LOG_OVERHEAD_BYTES - LENGTH_OFFSET);
  const partitionLeaderEpoch = header.int32();
  header.skip(ATTRIBUTES_OFFSET - MAGIC_OFFSET);
  const attributes = header.int16();
  const codecId = attributes & COMPRESSION_CODEC_MASK;
  const compression = compressionTypeOf(codecId) ?? header.fail(`there is no compression codec ${codecId}`);
  const lastOffsetDelta = header.int32();
  const baseTimestamp = header.int64AsNumber();
  const maxTimestamp = header.int64AsNumber();
  const producerId = header.int64();
  const producerEpoch = header.int16();
  const baseSequence = header.int32();
  const count = header.int32();

  const isLogAppendTime = (attributes & LOG_APPEND_TIME_ATTRIBUTE) !== 0;
  const body = decompressRecords(codecId, bytes.subarray(RECORD_BATCH_HEADER_BYTES), codecs);
  return {
    baseOffset,
    partitionLeaderEpoch,
    crc,
    attributes,
    compression,
    timestampType: isLogAppendTime ? 'LogAppendTime' : 'CreateTime',
    isTransactional: (attributes & TRANSACTIONAL_ATTRIBUTE) !== 0,
    isControl: (attributes & CONTROL_ATTRIBUTE) !== 0,
    lastOffsetDelta,
    baseTimestamp,
    maxTimestamp,
    producerId,
    producerEpoch,
    baseSequence,
    sizeInBytes: bytes.length,
    records: decodeRecords(body, count, baseOffset, baseTimestamp, isLogAppendTime ? maxTimestamp : null),
  };
}

/** @param appendTime the timestamp of all records, or null where each has its own */
function decodeRecords(
  body: Buffer,
  count: number,
  baseOffset: bigint,
  baseTimestamp: number,
  appendTime: number | null,
): DecodedRecord[] {
  const reader = new ProtocolReader(body, SUBJECT);
  if (count < 0 || count > reader.remaining) reader.fail(`it announces ${count} records`);
  const records: DecodedRecord[] = [];
  for (let index = 0; index < count; index++) {
    const length = reader.varint();
    const before = reader.remaining;
    reader.skip(1);
    const timestamp = baseTimestamp + reader.varlongAsNumber();
    const offset = baseOffset + BigInt(reader.varint());
    const key = readNullableBytes(reader);
    const value = readNullableBytes(reader);
    const headers = readHeaders(reader);
    if (before - reader.remaining !== length) {
      reader.fail(`record ${index} has ${before - reader.remaining} bytes, but says ${length}`);
    }
    records.push({ offset, timestamp: appendTime ?? timestamp, key, value, headers });
  }
  reader.expectEnd();
  return records;
}

function readHeaders(reader: ProtocolReader): DecodedHeader[] {
  const count = reader.varint();
  if (count < 0 || count > reader.remaining) reader.fail(`a record announces ${count} headers`);
  const headers: DecodedHeader[] = [];
  for (let index = 0; index < count; index++) {
    const key = readNullableBytes(reader) ?? reader.fail('a header has no name');
    headers.push({ key: key.toString('utf8'), value: readNullableBytes(reader) });
  }
  return headers;
}

function readNullableBytes(reader: ProtocolReader): Buffer | null {
  const length = reader.varint();
  return length === -1 ? null : reader.view(length);
}
