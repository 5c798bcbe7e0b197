import type { CompressionType } from './compression-codec.js';

/** The number of each codec in bits 0-2 of the batch attributes. */
export const COMPRESSION_TYPE_IDS: Readonly<Record<CompressionType, number>> = {
  none: 0,
  gzip: 1,
  snappy: 2,
  lz4: 3,
  zstd: 4,
};

/** The codec with that number, or undefined if Kafka has none. */
export function compressionTypeOf(id: number): CompressionType | undefined {
  return TYPES[id];
}

const TYPES: readonly CompressionType[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
