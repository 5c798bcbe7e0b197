import { MalformedResponseError } from '../malformed-response-error.js';

/** One zstd frame within a buffer. */
export interface ZstdFrame {
  readonly bytes: Buffer;
  /** What it decompresses to at most: the size its header announces, else what its blocks can hold. */
  readonly maxBytes: number;
}

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const FLAG_CHECKSUM = 0x04;
const FLAG_RESERVED = 0x08;
const FLAG_SINGLE_SEGMENT = 0x20;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;
const BLOCK_RLE = 1;
const BLOCK_COMPRESSED = 2;
const BLOCK_RESERVED = 3;
/** The largest window that 32-bit builds of zstd read; Kafka's highest level uses 27. */
const MAX_WINDOW_LOG = 30;
const MAX_BLOCK_BYTES = 128 * 1024;

/**
 * Cuts zstd data into its frames and tells how large each becomes, without decompressing (RFC 8878, section 3).
 * Throws `MalformedResponseError` where frames are cut off or are none.
 */
export function splitZstdFrames(compressed: Buffer): ZstdFrame[] {
  const frames: ZstdFrame[] = [];
  let position = 0;
  while (position < compressed.length) {
    const magic = read(compressed, position, 4);
    if (magic === FRAME_MAGIC) {
      const frame = walkFrame(compressed, position);
      frames.push(frame);
      position += frame.bytes.length;
    } else if ((magic & 0xffff_fff0) >>> 0 === SKIPPABLE_MAGIC) {
      position += 8 + read(compressed, position + 4, 4);
    } else {
      throw damaged(compressed, position);
    }
  }
  return frames;
}

function walkFrame(compressed: Buffer, start: number): ZstdFrame {
  const descriptor = read(compressed, start + 4, 1);
  const singleSegment = (descriptor & FLAG_SINGLE_SEGMENT) !== 0;
  if ((descriptor & FLAG_RESERVED) !== 0) throw damaged(compressed, start + 4);
  let position = start + 5;
  if (!singleSegment) {
    if (10 + (read(compressed, position, 1) >> 3) > MAX_WINDOW_LOG) throw damaged(compressed, position);
    position += 1;
  }
  position += DICTIONARY_ID_BYTES[descriptor & 0x03] ?? 0;

  const sizeCode = descriptor >> 6;
  const sizeBytes = sizeCode === 0 && singleSegment ? 1 : (CONTENT_SIZE_BYTES[sizeCode] ?? 0);
  const announced = read(compressed, position, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  position += sizeBytes;

  const blocks = walkBlocks(compressed, position);
  const end = blocks.end + ((descriptor & FLAG_CHECKSUM) === 0 ? 0 : 4);
  if (end > compressed.length) throw damaged(compressed, end);
  if (sizeBytes > 0 && announced > blocks.maxBytes) throw damaged(compressed, position);
  return { bytes: compressed.subarray(start, end), maxBytes: sizeBytes > 0 ? announced : blocks.maxBytes };
}

function walkBlocks(compressed: Buffer, start: number): { readonly maxBytes: number; readonly end: number } {
  let position = start;
  let maxBytes = 0;
  for (;;) {
    const header = read(compressed, position, 3);
    const type = (header >> 1) & 0x03;
    const size = header >> 3;
    if (type === BLOCK_RESERVED || size > MAX_BLOCK_BYTES) throw damaged(compressed, position);
    maxBytes += type === BLOCK_COMPRESSED ? MAX_BLOCK_BYTES : size;
    position += 3 + (type === BLOCK_RLE ? 1 : size);
    if (position > compressed.length) throw damaged(compressed, position);
    if ((header & 1) === 1) return { maxBytes, end: position };
  }
}

/** A little-endian number of 0 to 8 bytes. Beyond 2^53 it is not exact, which is as good as too large. */
function read(compressed: Buffer, position: number, length: number): number {
  if (position + length > compressed.length) throw damaged(compressed, position);
  let value = 0;
  for (let index = length - 1; index >= 0; index--) value = value * 256 + (compressed[position + index] ?? 0);
  return value;
}

function damaged(compressed: Buffer, position: number): MalformedResponseError {
  return new MalformedResponseError(
    `A zstd record batch is cut off or damaged at byte ${position} of ${compressed.length}`,
  );
}
