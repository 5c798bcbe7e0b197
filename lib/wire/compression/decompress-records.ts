import { KafkaError } from '../kafka-error.js';
import { MalformedResponseError } from '../malformed-response-error.js';
import type { CompressionCodec } from './compression-codec.js';
import { compressionTypeOf } from './compression-type-ids.js';

/**
 * The records section of a batch, decompressed.
 *
 * @param codecId bits 0-2 of the batch attributes
 * @param codecs those that are loaded; none are needed for uncompressed records
 * @throws MalformedResponseError if there is no such codec, the bytes are damaged, or they would become larger than
 *   `MAX_DECOMPRESSED_BYTES`
 * @throws KafkaError if the codec is not among the loaded ones
 */
export function decompressRecords(codecId: number, compressed: Buffer, codecs: readonly CompressionCodec[]): Buffer {
  const type = compressionTypeOf(codecId);
  if (type === undefined) {
    throw new MalformedResponseError(`A record batch names compression codec ${codecId}, which Kafka does not have`);
  }
  if (type === 'none') return compressed;
  const codec = codecs.find((candidate) => candidate.id === codecId);
  if (codec === undefined) {
    throw new KafkaError(
      `A record batch is compressed with ${type}, whose codec is not loaded: load it with loadCompressionCodec`,
    );
  }
  return codec.decompress(compressed);
}
