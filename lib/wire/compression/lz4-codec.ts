import type { CompressionCodec } from './compression-codec.js';
import { assertDecompressedSize, guardDecompression } from './decompression-guard.js';
import { maxLz4FrameBytes } from './lz4-frame.js';

/** Compresses into, and decompresses from, whole LZ4 frames. */
export interface Lz4Frames {
  compress(records: Buffer): Buffer;
  decompress(frames: Buffer): Buffer;
}

/** LZ4 frames with independent blocks, the only ones brokers accept. */
export class Lz4Codec implements CompressionCodec {
  public readonly type = 'lz4';
  public readonly id = 3;

  public constructor(private readonly frames: Lz4Frames) {}

  public compress(records: Buffer): Buffer {
    return this.frames.compress(records);
  }

  public decompress(compressed: Buffer): Buffer {
    return guardDecompression('lz4', () => {
      assertDecompressedSize('lz4', maxLz4FrameBytes(compressed));
      return this.frames.decompress(compressed);
    });
  }
}
