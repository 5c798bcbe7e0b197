import type { CompressionCodec } from './compression-codec.js';
import { assertDecompressedSize, guardDecompression } from './decompression-guard.js';
import { splitZstdFrames } from './zstd-frame.js';

/** Compresses into one zstd frame, and decompresses one whose size is known to be acceptable. */
export interface ZstdFrames {
  compress(records: Buffer): Uint8Array;
  /** @param maxBytes no more than this many bytes come out */
  decompress(frame: Buffer, maxBytes: number): Uint8Array;
}

/** zstd frames; brokers take them from Produce version 7 on (Kafka 2.1, KIP-110). */
export class ZstdCodec implements CompressionCodec {
  public readonly type = 'zstd';
  public readonly id = 4;

  public constructor(private readonly frames: ZstdFrames) {}

  public compress(records: Buffer): Buffer {
    return asBuffer(this.frames.compress(records));
  }

  public decompress(compressed: Buffer): Buffer {
    return guardDecompression('zstd', () => {
      const frames = splitZstdFrames(compressed);
      // A library that trusts the announced size would allocate it, so it is checked first.
      assertDecompressedSize(
        'zstd',
        frames.reduce((sum, frame) => sum + frame.maxBytes, 0),
      );
      const parts = frames.map(({ bytes, maxBytes }) => asBuffer(this.frames.decompress(bytes, maxBytes)));
      const [first, ...rest] = parts;
      return first !== undefined && rest.length === 0 ? first : Buffer.concat(parts);
    });
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
