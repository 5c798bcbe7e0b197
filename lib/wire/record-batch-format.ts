/**
 * Layout of a record batch, magic 2 (KIP-98): positions in bytes from the start of the batch.
 *
 * The checksum covers everything from the attributes on; a broker may change what stands before it.
 */
export const BASE_OFFSET_OFFSET = 0;
/** int32: bytes after this field. */
export const LENGTH_OFFSET = 8;
export const PARTITION_LEADER_EPOCH_OFFSET = 12;
export const MAGIC_OFFSET = 16;
/** uint32: CRC-32C of the bytes from `ATTRIBUTES_OFFSET` to the end. */
export const CRC_OFFSET = 17;
export const ATTRIBUTES_OFFSET = 21;
export const LAST_OFFSET_DELTA_OFFSET = 23;
export const BASE_TIMESTAMP_OFFSET = 27;
export const MAX_TIMESTAMP_OFFSET = 35;
export const PRODUCER_ID_OFFSET = 43;
export const PRODUCER_EPOCH_OFFSET = 51;
export const BASE_SEQUENCE_OFFSET = 53;
export const RECORDS_COUNT_OFFSET = 57;
/** Size of the header; the records begin here. */
export const RECORD_BATCH_HEADER_BYTES = 61;
/** Base offset and length, which the length field does not count. */
export const LOG_OVERHEAD_BYTES = 12;

/** The only record format written and read here. */
export const MAGIC_V2 = 2;

/** Attribute bits 0-2: the compression codec's id. */
export const COMPRESSION_CODEC_MASK = 0x07;
/** Attribute bit 3: timestamps are the broker's append time; set by the broker only. */
export const LOG_APPEND_TIME_ATTRIBUTE = 0x08;
/** Attribute bit 4: the batch belongs to a transaction. */
export const TRANSACTIONAL_ATTRIBUTE = 0x10;
/** Attribute bit 5: transaction marker; written by brokers only. */
export const CONTROL_ATTRIBUTE = 0x20;
/** Attribute bit 6: the base timestamp field holds the delete horizon (KIP-534). */
export const DELETE_HORIZON_ATTRIBUTE = 0x40;

/** Producer id, epoch and sequence of a batch without idempotence. */
export const NO_PRODUCER_ID = -1n;
export const NO_PRODUCER_EPOCH = -1;
export const NO_SEQUENCE = -1;
/** Timestamp of a batch or record that has none. */
export const NO_TIMESTAMP = -1;

/** Bytes an unsigned 32-bit number takes as a varint: 1 to 5. */
export function uvarintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}

/** Bytes a signed 32-bit number takes as a zigzag varint: 1 to 5. */
export function varintSize(value: number): number {
  return uvarintSize(((value << 1) ^ (value >> 31)) >>> 0);
}

/** Bytes a signed integer that a number holds exactly takes as a zigzag varint: 1 to 8. */
export function varlongSize(value: number): number {
  let rest = value < 0 ? -(value + 1) : value;
  // Half of the range of one byte goes to the sign.
  let size = 1;
  rest = Math.floor(rest / 0x40);
  while (rest > 0) {
    size++;
    rest = Math.floor(rest / 0x80);
  }
  return size;
}
