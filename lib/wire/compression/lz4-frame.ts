import { MalformedResponseError } from '../malformed-response-error.js';

const FRAME_MAGIC = 0x184d2204;
const SKIPPABLE_MAGIC = 0x184d2a50;
const FLAG_DICTIONARY_ID = 0x01;
const FLAG_CONTENT_CHECKSUM = 0x04;
const FLAG_CONTENT_SIZE = 0x08;
const FLAG_BLOCK_CHECKSUM = 0x10;
const UNCOMPRESSED_BLOCK = 0x8000_0000;
/** No LZ4 sequence stands for more bytes than this many times its own. */
const MAX_RATIO = 255;

/**
 * How many bytes LZ4 frames can decompress to at most, found by walking from block to block without decompressing any.
 * Throws `MalformedResponseError` where the frames are cut off or are none.
 */
export function maxLz4FrameBytes(compressed: Buffer): number {
  let bytes = 0;
  let position = 0;
  while (position < compressed.length) {
    const magic = readUInt32(compressed, position);
    if (magic === FRAME_MAGIC) {
      const frame = walkFrame(compressed, position);
      bytes += frame.bytes;
      position = frame.end;
    } else if ((magic & 0xffff_fff0) >>> 0 === SKIPPABLE_MAGIC) {
      position += 8 + readUInt32(compressed, position + 4);
    } else {
      throw damaged(compressed, position);
    }
  }
  return bytes;
}

function walkFrame(compressed: Buffer, start: number): { readonly bytes: number; readonly end: number } {
  const flags = readUInt8(compressed, start + 4);
  const blockLimit = maxBlockBytes(compressed, start + 5);
  const checksumBytes = (flags & FLAG_BLOCK_CHECKSUM) === 0 ? 0 : 4;
  let position = start + 7;
  if ((flags & FLAG_CONTENT_SIZE) !== 0) position += 8;
  if ((flags & FLAG_DICTIONARY_ID) !== 0) position += 4;

  let bytes = 0;
  for (;;) {
    const header = readUInt32(compressed, position);
    position += 4;
    if (header === 0) break;
    const size = header & ~UNCOMPRESSED_BLOCK;
    bytes += header >= UNCOMPRESSED_BLOCK ? size : Math.min(blockLimit, size * MAX_RATIO);
    position += size + checksumBytes;
    if (position > compressed.length) throw damaged(compressed, position);
  }
  if ((flags & FLAG_CONTENT_CHECKSUM) !== 0) position += 4;
  return { bytes, end: position };
}

/** 4 to 7 in bits 4-6 stand for 64 KiB, 256 KiB, 1 MiB and 4 MiB. */
function maxBlockBytes(compressed: Buffer, position: number): number {
  const code = (readUInt8(compressed, position) >> 4) & 0x07;
  if (code < 4) throw damaged(compressed, position);
  return 2 ** (8 + 2 * code);
}

function readUInt8(compressed: Buffer, position: number): number {
  const value = compressed[position];
  if (value === undefined) throw damaged(compressed, position);
  return value;
}

function readUInt32(compressed: Buffer, position: number): number {
  if (position + 4 > compressed.length) throw damaged(compressed, position);
  return compressed.readUInt32LE(position);
}

function damaged(compressed: Buffer, position: number): MalformedResponseError {
  return new MalformedResponseError(
    `An lz4 record batch is cut off or damaged at byte ${position} of ${compressed.length}`,
  );
}
