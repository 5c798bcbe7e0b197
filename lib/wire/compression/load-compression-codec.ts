import zlib from 'node:zlib';
import { CompressionCodecUnavailableError } from './compression-codec-unavailable-error.js';
import type { CompressionCodec, CompressionType } from './compression-codec.js';
import { assertCompressionLevel } from './compression-level.js';
import { GzipCodec } from './gzip-codec.js';
import { Lz4Codec } from './lz4-codec.js';
import { NoneCodec } from './none-codec.js';
import { functionOf, loadFunctions, type PackageImporter } from './optional-package.js';
import { SnappyCodec } from './snappy-codec.js';
import { ZstdCodec, type ZstdFrames } from './zstd-codec.js';

const importPackage: PackageImporter = (packageName) => import(packageName);

/**
 * Makes the codec of that name ready, once; using it is synchronous from then on.
 *
 * `none` and `gzip` always exist. `zstd` is Node's own where it has it (22.15, 23.8, 24 and later), else the optional package
 * `@bokuweb/zstd-wasm`. `snappy` and `lz4` need the optional packages `snappy` and `lz4-napi`.
 *
 * @param level null for the codec's default. See `compressionLevelWarning` for levels that have no effect.
 * @throws CompressionCodecUnavailableError naming the package to install
 * @throws KafkaError if Kafka allows no such level
 */
export async function loadCompressionCodec(
  type: CompressionType,
  level: number | null,
  importer: PackageImporter = importPackage,
): Promise<CompressionCodec> {
  assertCompressionLevel(type, level);
  switch (type) {
    case 'none':
      return new NoneCodec();
    case 'gzip':
      return new GzipCodec(level);
    case 'snappy':
      return loadSnappy(importer);
    case 'lz4':
      return loadLz4(importer);
    case 'zstd':
      return new ZstdCodec(nodeZstd(level) ?? (await loadZstdWasm(level, importer)));
  }
}

async function loadSnappy(importer: PackageImporter): Promise<CompressionCodec> {
  const [compress, uncompress] = await loadFunctions('snappy', 'snappy', ['compressSync', 'uncompressSync'], importer);
  return new SnappyCodec({
    compress: (block) => bytesOf(compress(block)),
    uncompress: (block) => bytesOf(uncompress(block, { asBuffer: true })),
  });
}

async function loadLz4(importer: PackageImporter): Promise<CompressionCodec> {
  const [compress, decompress] = await loadFunctions(
    'lz4',
    'lz4-napi',
    ['compressFrameSync', 'decompressFrameSync'],
    importer,
  );
  return new Lz4Codec({
    compress: (records) => bytesOf(compress(records)),
    decompress: (frames) => bytesOf(decompress(frames)),
  });
}

/** Node's own zstd, or null where it has none. */
function nodeZstd(level: number | null): ZstdFrames | null {
  const compress = functionOf(zlib, 'zstdCompressSync');
  const decompress = functionOf(zlib, 'zstdDecompressSync');
  const levelParameter: unknown = Reflect.get(zlib.constants, 'ZSTD_c_compressionLevel');
  if (compress === null || decompress === null || typeof levelParameter !== 'number') return null;
  const options = level === null ? {} : { params: { [levelParameter]: level } };
  return {
    compress: (records) => bytesOf(compress(records, options)),
    decompress: (frame, maxBytes) => bytesOf(decompress(frame, { maxOutputLength: Math.max(1, maxBytes) })),
  };
}

/** Started once only: a second start replaces the memory under codecs that are in use, which then damage data. */
const zstdWasmStarts = new WeakMap<PackageImporter, Promise<unknown>>();

async function loadZstdWasm(level: number | null, importer: PackageImporter): Promise<ZstdFrames> {
  const packageName = '@bokuweb/zstd-wasm';
  const [init, compress, decompress] = await loadFunctions(
    'zstd',
    packageName,
    ['init', 'compress', 'decompress'],
    importer,
  );
  const started = zstdWasmStarts.get(importer) ?? Promise.resolve(init());
  zstdWasmStarts.set(importer, started);
  try {
    await started;
  } catch (cause) {
    zstdWasmStarts.delete(importer);
    throw new CompressionCodecUnavailableError('zstd', packageName, 'does not start', cause);
  }
  return {
    compress: (records) => bytesOf(level === null ? compress(records) : compress(records, level)),
    decompress: (frame, maxBytes) => bytesOf(decompress(frame, { defaultHeapSize: maxBytes })),
  };
}

function bytesOf(value: unknown): Buffer {
  if (Buffer.isBuffer(value)) return value;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  throw new TypeError(`The compression package answered with ${typeof value} instead of bytes`);
}
