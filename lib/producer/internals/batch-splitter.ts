import type { CompressionCodec } from '../../wire/compression/compression-codec.js';
import type { BatchRecord, RecordBatchBuilder } from '../../wire/record-batch-builder.js';
import { decodeRecordBatches } from '../../wire/record-batch-decoder.js';
import { encodeHeaders } from './encode-headers.js';
import { ProducerBatch } from './producer-batch.js';

/**
 * Divides a batch that the broker found too large into smaller ones, in order, each with at least one record (Kafka's
 * `ProducerBatch.split`). The records' senders move to the parts; the delivery clock goes on.
 */
export function splitBatch(
  batch: ProducerBatch,
  batchSize: number,
  codec: CompressionCodec,
  createBuilder: (capacity: number) => RecordBatchBuilder,
): ProducerBatch[] {
  const bytes = batch.encode(false);
  const target = Math.max(1, Math.min(batchSize, Math.ceil(bytes.length / 2)));
  const builders: RecordBatchBuilder[] = [];
  for (const record of decodeRecordBatches(bytes, [codec]).flatMap((decoded) => decoded.records)) {
    const stored: BatchRecord = {
      timestamp: record.timestamp,
      key: record.key,
      keySize: record.key === null ? -1 : record.key.length,
      value: record.value,
      valueSize: record.value === null ? -1 : record.value.length,
      headers: encodeHeaders(record.headers, batch.queue.topic),
    };
    let builder = builders[builders.length - 1];
    if (builder === undefined || builder.roomFor(stored) < 0) {
      // Not larger, even for a large first record: then nothing may join it, and the batch is smaller than its parent.
      builder = createBuilder(target);
      builders.push(builder);
    }
    builder.append(stored);
  }
  const counts = builders.map((builder) => builder.recordCount);
  const children = builders.map((builder) => new ProducerBatch(batch.queue, builder, batch.createdAt, 0));
  const last = children[children.length - 1];
  // The parent's memory is given back when its last part is done.
  if (last !== undefined) last.memoryBytes = batch.memoryBytes;
  batch.memoryBytes = 0;
  for (const child of children) {
    child.close();
    child.isPart = true;
  }
  batch.replaceBy(children, counts);
  return children;
}
