/** Kafka's names of the codecs, as in `compression.type`. */
export type CompressionType = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** Compresses the records section of a batch; synchronous, so that batches leave in the order in which they were drained. */
export interface CompressionCodec {
  readonly type: CompressionType;
  /** Bits 0-2 of the batch attributes: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
  readonly id: number;
  compress(records: Buffer): Buffer;
  decompress(compressed: Buffer): Buffer;
}
