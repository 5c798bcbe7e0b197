import { KafkaError } from '../kafka-error.js';
import type { CompressionType } from './compression-codec.js';

/** The levels Kafka allows for a codec (`compression.gzip.level` and its siblings, KIP-390), both ends included. */
export interface CompressionLevelRange {
  readonly min: number;
  readonly max: number;
  /** Kafka's default. */
  readonly default: number;
}

/** By codec; `none` and `snappy` have no levels. For gzip -1, zlib's own choice, is allowed besides the range. */
export const COMPRESSION_LEVELS: Readonly<Record<CompressionType, CompressionLevelRange | null>> = {
  none: null,
  gzip: { min: 1, max: 9, default: -1 },
  snappy: null,
  lz4: { min: 1, max: 17, default: 9 },
  zstd: { min: -131_072, max: 22, default: 3 },
};

/** Whether Kafka allows that level for that codec. */
export function isCompressionLevelValid(type: CompressionType, level: number): boolean {
  const range = COMPRESSION_LEVELS[type];
  if (range === null || !Number.isInteger(level)) return false;
  return level === range.default || (level >= range.min && level <= range.max);
}

/** Throws a `KafkaError` that names the range if Kafka does not allow that level; null stands for the default. */
export function assertCompressionLevel(type: CompressionType, level: number | null): void {
  if (level === null || isCompressionLevelValid(type, level)) return;
  const range = COMPRESSION_LEVELS[type];
  if (range === null)
    throw new KafkaError(`Compression ${type} has no levels, so ${level} cannot be set: leave the level out`);
  const besides = range.default < range.min ? `, or ${range.default} for the default` : '';
  throw new KafkaError(`Compression ${type} has no level ${level}: use ${range.min} to ${range.max}${besides}`);
}

/**
 * Why a level that Kafka allows has no effect here, as a warning to log, or null if it is honoured. `lz4-napi` offers no levels: it
 * always compresses at the fastest, while Java's default is 9.
 */
export function compressionLevelWarning(type: CompressionType, level: number | null): string | null {
  if (type !== 'lz4' || level === null) return null;
  return `The compression level ${level} for lz4 has no effect: the package lz4-napi always uses LZ4's fast mode. Choose zstd where size matters`;
}
