import type { CompressionCodec } from './compression-codec.js';

/** Leaves records as they are. */
export class NoneCodec implements CompressionCodec {
  public readonly type = 'none';
  public readonly id = 0;

  public compress(records: Buffer): Buffer {
    return records;
  }

  public decompress(compressed: Buffer): Buffer {
    return compressed;
  }
}
