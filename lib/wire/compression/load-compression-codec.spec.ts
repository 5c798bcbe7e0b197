import { jest } from '@jest/globals';
import { gunzipSync } from 'node:zlib';
import { createRandom } from '../../../test/support/random.js';
import { below, compressibleText } from '../../../test/wire/random-data.js';
import { KafkaError } from '../kafka-error.js';
import { MalformedResponseError } from '../malformed-response-error.js';
import { CompressionCodecUnavailableError } from './compression-codec-unavailable-error.js';
import type { CompressionCodec, CompressionType } from './compression-codec.js';
import { COMPRESSION_LEVELS, compressionLevelWarning, isCompressionLevelValid } from './compression-level.js';
import { COMPRESSION_TYPE_IDS, compressionTypeOf } from './compression-type-ids.js';
import { decompressRecords } from './decompress-records.js';
import { loadCompressionCodec } from './load-compression-codec.js';

// Megabytes are compressed here, and machines that run tests are often busy.
jest.setTimeout(30_000);

const TYPES: readonly CompressionType[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const COMPRESSING = TYPES.filter((type) => type !== 'none');
const SIZES = [0, 1, 100, 32_767, 32_768, 32_769, 65_537, 300_000, 1_500_000];

describe.each(TYPES)('the %s codec', (type) => {
  let codec: CompressionCodec;
  beforeAll(async () => {
    codec = await loadCompressionCodec(type, null);
  });

  it('carries the number Kafka knows it by', () => {
    expect(codec.type).toBe(type);
    expect(codec.id).toBe(COMPRESSION_TYPE_IDS[type]);
    expect(compressionTypeOf(codec.id)).toBe(type);
  });

  it('gives back what it compressed, of any size, compressible or not', () => {
    const random = createRandom();
    for (const size of SIZES) {
      const text = compressibleText(random, size);
      expect(codec.decompress(codec.compress(text)).equals(text)).toBe(true);
    }
    const noise = random.bytes(100_000);
    expect(codec.decompress(codec.compress(noise)).equals(noise)).toBe(true);
  });

  it('does not change its input, nor read beyond a view', () => {
    const whole = Buffer.from(`before${'records '.repeat(50)}after`);
    const copy = Buffer.from(whole);
    const view = whole.subarray(6, whole.length - 5);
    expect(codec.decompress(codec.compress(view)).toString()).toBe('records '.repeat(50));
    expect(whole.equals(copy)).toBe(true);
  });
});

describe.each(COMPRESSING)('the %s codec, given damaged data', (type) => {
  let codec: CompressionCodec;
  beforeAll(async () => {
    codec = await loadCompressionCodec(type, null);
  });

  it('makes text smaller', () => {
    const text = compressibleText(createRandom(), 100_000);
    expect(codec.compress(text).length).toBeLessThan(text.length * 0.7);
  });

  it('throws MalformedResponseError where data is cut off', () => {
    const compressed = codec.compress(compressibleText(createRandom(), 100_000));
    for (const length of [1, 3, 7, 12, 17, 20, compressed.length >> 1, compressed.length - 1]) {
      expect(() => codec.decompress(compressed.subarray(0, length))).toThrow(MalformedResponseError);
    }
  });

  it('survives any bytes: they decompress, or throw MalformedResponseError', () => {
    const random = createRandom();
    const valid = codec.compress(compressibleText(random, 40_000));
    for (let round = 0; round < 400; round++) {
      const bytes = round % 4 === 0 ? random.bytes(below(random, 200)) : Buffer.from(valid);
      for (let change = below(random, 4); change >= 0 && bytes.length > 0; change--) {
        const reach = below(random, 2) === 0 ? Math.min(40, bytes.length) : bytes.length;
        bytes[below(random, reach)] = below(random, 256);
      }
      try {
        codec.decompress(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedResponseError);
      }
    }
    const text = compressibleText(random, 40_000);
    expect(codec.decompress(codec.compress(text)).equals(text)).toBe(true);
  });

  it('refuses to become larger than the limit', () => {
    const bomb = codec.compress(Buffer.alloc(129 * 1024 * 1024));
    expect(() => codec.decompress(bomb)).toThrow(MalformedResponseError);
  });

  it('refuses a size that is announced, but not there', () => {
    for (const bytes of [Buffer.from('ffffffff0f00', 'hex'), hugeLz4(), hugeZstd(), hugeSnappyBlock()]) {
      expect(() => codec.decompress(bytes)).toThrow(MalformedResponseError);
    }
  });
});

describe('snappy', () => {
  it('begins with the xerial header and cuts into blocks of 32 KiB, as Kafka’s Java clients do', async () => {
    const codec = await loadCompressionCodec('snappy', null);
    const compressed = codec.compress(Buffer.alloc(70_000, 'a'));
    expect(compressed.subarray(0, 16).toString('hex')).toBe('82534e41505059000000000100000001');
    let blocks = 0;
    for (let position = 16; position < compressed.length; blocks++) position += 4 + compressed.readInt32BE(position);
    expect(blocks).toBe(3);
  });

  it('reads raw snappy without a header too', async () => {
    const codec = await loadCompressionCodec('snappy', null);
    // A literal of five bytes: length 5, tag (5 - 1) << 2, the bytes.
    expect(codec.decompress(Buffer.from('05 10 68656c6c6f'.replaceAll(' ', ''), 'hex')).toString()).toBe('hello');
  });
});

describe('lz4', () => {
  it('writes frames with independent blocks, the only ones brokers accept', async () => {
    const compressed = (await loadCompressionCodec('lz4', null)).compress(Buffer.alloc(200_000, 'ab'));
    expect(compressed.readUInt32LE(0)).toBe(0x184d2204);
    expect((compressed[4] ?? 0) & 0x20).toBe(0x20);
  });
});

describe('zstd', () => {
  it('stays sound when its codec is loaded again while another one is in use', async () => {
    const codec = await loadCompressionCodec('zstd', null);
    const text = compressibleText(createRandom(), 50_000);
    const compressed = codec.compress(text);
    for (let round = 0; round < 5; round++) {
      const loading = loadCompressionCodec('zstd', round);
      expect(codec.decompress(compressed).equals(text)).toBe(true);
      const second = await loading;
      await new Promise((resolve) => setImmediate(resolve));
      expect(second.decompress(codec.compress(text)).equals(text)).toBe(true);
      expect(codec.decompress(compressed).equals(text)).toBe(true);
    }
  });

  it('reads frames that do not announce their size, and several in a row', async () => {
    const codec = await loadCompressionCodec('zstd', null);
    // Magic, descriptor without content size, window descriptor, then one raw block, the last.
    const frame = (text: string): Buffer => {
      const header = Buffer.from('28b52ffd0058000000', 'hex');
      header.writeUIntLE((text.length << 3) | 1, 6, 3);
      return Buffer.concat([header, Buffer.from(text)]);
    };
    expect(codec.decompress(frame('hello')).toString()).toBe('hello');
    expect(codec.decompress(Buffer.concat([frame('hello '), frame('world')])).toString()).toBe('hello world');
  });
});

describe('compression levels', () => {
  it('make gzip and zstd smaller', async () => {
    const text = compressibleText(createRandom(), 300_000);
    for (const [type, fast, small] of [
      ['gzip', 1, 9],
      ['zstd', -50, 19],
    ] as const) {
      const fastSize = (await loadCompressionCodec(type, fast)).compress(text).length;
      const smallSize = (await loadCompressionCodec(type, small)).compress(text).length;
      expect(smallSize).toBeLessThan(fastSize);
    }
  });

  it('take -1 for zlib’s default', async () => {
    const compressed = (await loadCompressionCodec('gzip', -1)).compress(Buffer.from('x'));
    expect(gunzipSync(compressed).toString()).toBe('x');
  });

  it.each<[CompressionType, number]>([
    ['gzip', 0],
    ['gzip', 10],
    ['gzip', 1.5],
    ['lz4', 0],
    ['lz4', 18],
    ['zstd', 23],
    ['zstd', -131_073],
    ['snappy', 1],
    ['none', 1],
  ])('of %s that Kafka does not allow are refused: %d', async (type, level) => {
    expect(isCompressionLevelValid(type, level)).toBe(false);
    await expect(loadCompressionCodec(type, level)).rejects.toThrow(KafkaError);
  });

  it('that have no effect are warned about', () => {
    expect(compressionLevelWarning('lz4', 9)).toMatch(/lz4-napi/);
    expect(compressionLevelWarning('lz4', null)).toBeNull();
    expect(compressionLevelWarning('zstd', 9)).toBeNull();
    expect(COMPRESSION_LEVELS.zstd?.default).toBe(3);
  });
});

describe('a package that is missing or broken', () => {
  const absent = (): Promise<unknown> =>
    Promise.reject(Object.assign(new Error('gone'), { code: 'ERR_MODULE_NOT_FOUND' }));

  it.each<[CompressionType, string]>([
    ['snappy', 'snappy'],
    ['lz4', 'lz4-napi'],
  ])('of %s gives an error that names it', async (type, packageName) => {
    const loading = loadCompressionCodec(type, null, absent);
    await expect(loading).rejects.toThrow(CompressionCodecUnavailableError);
    await expect(loading).rejects.toThrow(`is not installed: run \`npm install ${packageName}\``);
    await expect(loading).rejects.toMatchObject({ compression: type, packageName });
  });

  it('that does not load, or lacks what is needed, is told apart', async () => {
    const broken = loadCompressionCodec('snappy', null, () => Promise.reject(new Error('wrong architecture')));
    await expect(broken).rejects.toThrow(/snappy, which does not load/);
    await expect(loadCompressionCodec('snappy', null, () => Promise.resolve({}))).rejects.toThrow(/lacks the function/);
  });

  it('is not needed for none and gzip', async () => {
    await expect(loadCompressionCodec('none', null, absent)).resolves.toMatchObject({ id: 0 });
    await expect(loadCompressionCodec('gzip', null, absent)).resolves.toMatchObject({ id: 1 });
  });
});

describe('decompressRecords', () => {
  it('refuses a codec number that Kafka does not have', () => {
    expect(() => decompressRecords(5, Buffer.alloc(3), [])).toThrow(MalformedResponseError);
  });

  it('says so if the codec was not loaded', () => {
    expect(() => decompressRecords(2, Buffer.alloc(3), [])).toThrow(/snappy, whose codec is not loaded/);
  });
});

/** A frame with a content size of 2^60 and one short block. */
function hugeLz4(): Buffer {
  return Buffer.from('04224d18 6c 40 0000000000000010 00 05000000 1061626364 00000000'.replaceAll(' ', ''), 'hex');
}

/** A frame with a content size of 2^60 and one raw block of one byte. */
function hugeZstd(): Buffer {
  return Buffer.from('28b52ffd e0 0000000000000010 090000 61'.replaceAll(' ', ''), 'hex');
}

/** A block that says it is 4 GiB large. */
function hugeSnappyBlock(): Buffer {
  return Buffer.from('82534e4150505900 00000001 00000001 00000007 ffffffff0f 1061'.replaceAll(' ', ''), 'hex');
}
