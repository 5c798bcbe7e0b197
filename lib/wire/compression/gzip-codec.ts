import { gunzipSync, gzipSync, type ZlibOptions } from 'node:zlib';
import type { CompressionCodec } from './compression-codec.js';
import { guardDecompression, MAX_DECOMPRESSED_BYTES } from './decompression-guard.js';

/** gzip by Node's own zlib. */
export class GzipCodec implements CompressionCodec {
  public readonly type = 'gzip';
  public readonly id = 1;
  private readonly options: ZlibOptions;

  /** @param level 1 (fast) to 9 (small); -1 or null for zlib's default, which is 6 */
  public constructor(level: number | null = null) {
    this.options = level === null ? {} : { level };
  }

  public compress(records: Buffer): Buffer {
    return gzipSync(records, this.options);
  }

  public decompress(compressed: Buffer): Buffer {
    return guardDecompression('gzip', () => gunzipSync(compressed, { maxOutputLength: MAX_DECOMPRESSED_BYTES }));
  }
}
