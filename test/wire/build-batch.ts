import type { CompressionCodec } from '../../lib/wire/compression/compression-codec.js';
import { RecordBatchBuilder } from '../../lib/wire/record-batch-builder.js';

/** A batch of records without key or headers, one millisecond apart, from a producer without idempotence. */
export function buildBatch(values: readonly Buffer[], codec: CompressionCodec, firstTimestamp: number): Buffer {
  const builder = new RecordBatchBuilder(1_000_000, codec, 1);
  values.forEach((value, index) => {
    const timestamp = firstTimestamp + index;
    builder.append({ timestamp, key: null, keySize: -1, value, valueSize: value.length, headers: null });
  });
  return builder.build({ producerId: -1n, producerEpoch: -1, baseSequence: -1, transactional: false });
}
