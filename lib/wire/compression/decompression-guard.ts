import { MalformedResponseError } from '../malformed-response-error.js';
import type { CompressionType } from './compression-codec.js';
import { messageOf } from '../message-of.js';

/**
 * What one batch may decompress to. Kafka's own bound for a request is 100 MiB; a few hundred bytes that claim to be more are an
 * attack or garbage.
 */
export const MAX_DECOMPRESSED_BYTES = 128 * 1024 * 1024;

/** Throws `MalformedResponseError` if compressed data would become larger than `MAX_DECOMPRESSED_BYTES`. */
export function assertDecompressedSize(type: CompressionType, bytes: number): void {
  if (bytes > MAX_DECOMPRESSED_BYTES) {
    throw new MalformedResponseError(
      `A ${type} record batch would decompress to ${bytes} bytes; more than ${MAX_DECOMPRESSED_BYTES} are not accepted`,
    );
  }
}

/** Runs a decompressor over data from a broker; whatever it throws comes out as `MalformedResponseError`. */
export function guardDecompression(type: CompressionType, decompress: () => Buffer): Buffer {
  try {
    return decompress();
  } catch (cause) {
    if (cause instanceof MalformedResponseError) throw cause;
    const reason = messageOf(cause);
    throw new MalformedResponseError(`A ${type} record batch cannot be decompressed: ${reason}`, { cause });
  }
}
