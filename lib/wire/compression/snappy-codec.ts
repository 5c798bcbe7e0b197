import { MalformedResponseError } from '../malformed-response-error.js';
import { ProtocolReader } from '../protocol/protocol-reader.js';
import type { CompressionCodec } from './compression-codec.js';
import { assertDecompressedSize, guardDecompression } from './decompression-guard.js';

/** Compresses one block without any framing. */
export interface RawSnappy {
  compress(block: Buffer): Buffer;
  uncompress(block: Buffer): Buffer;
}

/** Magic, version 1, compatible with readers from version 1 on: how the stream format of the library xerial-snappy begins. */
const XERIAL_HEADER = Buffer.from('82534e4150505900' + '00000001' + '00000001', 'hex');
const XERIAL_MAGIC_BYTES = 8;
const BLOCK_BYTES = 32 * 1024;
/** Three bytes of snappy stand for 64 at most. */
const MAX_RATIO = 64 / 3;

/**
 * snappy in the stream format that Kafka's Java clients write and all others read: a header, then blocks of 32 KiB, each behind
 * its length. Reads unframed snappy too, which some clients write.
 */
export class SnappyCodec implements CompressionCodec {
  public readonly type = 'snappy';
  public readonly id = 2;

  public constructor(private readonly raw: RawSnappy) {}

  public compress(records: Buffer): Buffer {
    const chunks: Buffer[] = [XERIAL_HEADER];
    for (let start = 0; start < records.length; start += BLOCK_BYTES) {
      const block = this.raw.compress(records.subarray(start, start + BLOCK_BYTES));
      const length = Buffer.allocUnsafe(4);
      length.writeInt32BE(block.length);
      chunks.push(length, block);
    }
    return Buffer.concat(chunks);
  }

  public decompress(compressed: Buffer): Buffer {
    return guardDecompression('snappy', () => {
      const blocks = isFramed(compressed) ? splitBlocks(compressed) : [compressed];
      const total = blocks.reduce((sum, block) => sum + uncompressedLength(block), 0);
      assertDecompressedSize('snappy', total);
      return Buffer.concat(blocks.map((block) => this.raw.uncompress(block)));
    });
  }
}

function isFramed(compressed: Buffer): boolean {
  return compressed.subarray(0, XERIAL_MAGIC_BYTES).equals(XERIAL_HEADER.subarray(0, XERIAL_MAGIC_BYTES));
}

function splitBlocks(compressed: Buffer): Buffer[] {
  if (compressed.length < XERIAL_HEADER.length) throw damaged(compressed, compressed.length);
  const blocks: Buffer[] = [];
  let position = XERIAL_HEADER.length;
  while (position < compressed.length) {
    const start = position + 4;
    const length = start <= compressed.length ? compressed.readInt32BE(position) : -1;
    if (length <= 0 || length > compressed.length - start) {
      throw damaged(compressed, position);
    }
    blocks.push(compressed.subarray(start, start + length));
    position = start + length;
  }
  return blocks;
}

/** The size a raw block announces in the varint it begins with; the library would allocate as much. */
function uncompressedLength(block: Buffer): number {
  const reader = new ProtocolReader(block, 'Snappy block');
  const length = reader.uvarint();
  if (length > block.length * MAX_RATIO) reader.fail(`it says that it becomes ${length} bytes`);
  return length;
}

function damaged(compressed: Buffer, position: number): MalformedResponseError {
  return new MalformedResponseError(
    `A snappy record batch is cut off or damaged at byte ${position} of ${compressed.length}`,
  );
}
