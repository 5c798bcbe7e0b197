import { createRequire } from 'node:module';
import { createRandom, type Random } from '../../test/support/random.js';
import { below, compressibleText } from '../../test/wire/random-data.js';
import type { CompressionCodec, CompressionType } from './compression/compression-codec.js';
import { loadCompressionCodec } from './compression/load-compression-codec.js';
import { NoneCodec } from './compression/none-codec.js';
import { crc32c } from './crc32c.js';
import { ProtocolWriter } from './protocol/protocol-writer.js';
import {
  RecordBatchBuilder,
  recordSizeUpperBound,
  type BatchProducerState,
  type BatchRecord,
} from './record-batch-builder.js';
import { decodeRecordBatches } from './record-batch-decoder.js';
import {
  ATTRIBUTES_OFFSET,
  BASE_OFFSET_OFFSET,
  CRC_OFFSET,
  LENGTH_OFFSET,
  MAGIC_OFFSET,
  PARTITION_LEADER_EPOCH_OFFSET,
  RECORD_BATCH_HEADER_BYTES,
} from './record-batch-format.js';

const require = createRequire(import.meta.url);
const TYPES: readonly CompressionType[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const NONE = new NoneCodec();
const NOW = 1_700_000_000_000;
const BATCH_SIZE = 16_384;
const NOBODY: BatchProducerState = { producerId: -1n, producerEpoch: -1, baseSequence: -1, transactional: false };

interface Header {
  readonly key: string;
  readonly value: Buffer | null;
}

interface Plain {
  readonly timestamp?: number;
  readonly key?: Buffer | null;
  readonly value?: Uint8Array | string | null;
  readonly headers?: readonly Header[];
}

function encoded(headers: readonly Header[]): BatchRecord['headers'] {
  if (headers.length === 0) return null;
  const writer = new ProtocolWriter();
  for (const { key, value } of headers) {
    writer.varint(Buffer.byteLength(key)).raw(Buffer.from(key));
    if (value === null) writer.varint(-1);
    else writer.varint(value.length).raw(value);
  }
  return { count: headers.length, bytes: writer.toBuffer() };
}

function record({ timestamp = NOW, key = null, value = null, headers = [] }: Plain): BatchRecord {
  return {
    timestamp,
    key,
    keySize: key === null ? -1 : key.length,
    value,
    valueSize: value === null ? -1 : typeof value === 'string' ? Buffer.byteLength(value) : value.length,
    headers: encoded(headers),
  };
}

function sized(keyBytes: number | null, valueBytes: number): BatchRecord {
  return record({ key: keyBytes === null ? null : Buffer.alloc(keyBytes), value: Buffer.alloc(valueBytes) });
}

/** Appends until there is no room. */
function filled(builder: RecordBatchBuilder, next: () => BatchRecord): BatchRecord[] {
  const appended: BatchRecord[] = [];
  for (let offered = next(); builder.roomFor(offered) >= 0; offered = next()) {
    builder.append(offered);
    appended.push(offered);
  }
  return appended;
}

interface KafkajsBatch {
  readonly [name: string]: unknown;
  readonly records: readonly {
    readonly timestamp: string;
    readonly offset: string;
    readonly key: Buffer | null;
    readonly value: Buffer | null;
    readonly headers: Readonly<Record<string, unknown>>;
  }[];
}

/** What kafkajs's own consumer reads from the bytes; it knows gzip only, so the other codecs are given to it. */
async function readByKafkajs(bytes: Buffer, codec: CompressionCodec): Promise<KafkajsBatch> {
  const Decoder = require('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => object;
  const decode = require('kafkajs/src/protocol/recordBatch/v0/decoder.js') as (decoder: object) => Promise<object>;
  const { Codecs } = require('kafkajs/src/protocol/message/compression/index.js') as {
    Codecs: Record<number, () => object>;
  };
  if (codec.id > 1) {
    Codecs[codec.id] = () => ({ decompress: (data: Buffer) => Promise.resolve(codec.decompress(data)) });
  }
  return (await decode(new Decoder(Buffer.from(bytes)))) as KafkajsBatch;
}

function randomRecord(random: Random, previous: number): Plain {
  const timestamp = random.pick([
    previous,
    previous + below(random, 10),
    Math.max(0, previous - below(random, 100_000)),
    NOW + below(random, 2 ** 30),
    below(random, 2 ** 45),
    0,
  ]);
  const key = random.pick<() => Buffer | null>([
    () => null,
    () => Buffer.alloc(0),
    () => random.bytes(below(random, 40)),
    () => random.bytes(below(random, 300)),
  ])();
  const value = random.pick<() => Uint8Array | string | null>([
    () => null,
    () => '',
    () => Buffer.alloc(0),
    () => compressibleText(random, below(random, 600)).toString(),
    () => compressibleText(random, below(random, 9_000)),
    () => new Uint8Array(random.bytes(below(random, 70))),
    () => 'München – 東京 🚢 '.repeat(below(random, 20)),
    () => 'lone \ud800 half',
  ])();
  const headers = Array.from({ length: random.pick([0, 0, 1, 3, 70]) }, (_, index) => ({
    key: random.pick(['', 'trace', '__proto__', 'constructor', 'größe', `h${index}`]),
    value: random.pick<() => Buffer | null>([
      () => null,
      () => Buffer.alloc(0),
      () => random.bytes(below(random, 130)),
    ])(),
  }));
  return { timestamp, key, value, headers };
}

function bytesOf(value: Uint8Array | string | null | undefined): Buffer | null {
  if (value === null || value === undefined) return null;
  return typeof value === 'string' ? Buffer.from(value, 'utf8') : Buffer.from(value);
}

describe('sizes of a record and a batch', () => {
  // producer-semantics 2.3, computed for batch.size 16384 without headers and with one timestamp.
  it.each([
    ['a key of 3 and a value of 5 bytes', 3, 5, 15, 93, 1024],
    ['no key and 100 bytes', null, 100, 109, 186, 148],
    ['no key and 512 bytes', null, 512, 521, 598, 31],
    ['no key and 1024 bytes', null, 1024, 1033, 1110, 15],
    ['a key of 8 and a value of 100 bytes', 8, 100, 117, 194, 138],
  ])('%s: as in Kafka', (_, keyBytes, valueBytes, recordBytes, upperBound, fit) => {
    const offered = sized(keyBytes, valueBytes);
    expect(recordSizeUpperBound(offered)).toBe(upperBound);

    const builder = new RecordBatchBuilder(BATCH_SIZE, NONE, 1);
    expect(builder.roomFor(offered)).toBe(recordBytes);
    builder.append(offered);
    expect(builder.estimatedBytes).toBe(RECORD_BATCH_HEADER_BYTES + recordBytes);
    expect(builder.build(NOBODY)).toHaveLength(RECORD_BATCH_HEADER_BYTES + recordBytes);

    const full = new RecordBatchBuilder(BATCH_SIZE, NONE, 1);
    expect(filled(full, () => offered)).toHaveLength(fit);
    expect(full.build(NOBODY).length).toBeLessThanOrEqual(BATCH_SIZE);
  });

  it('fills 16381 bytes with 1024 records of 15 bytes and more', () => {
    const builder = new RecordBatchBuilder(BATCH_SIZE, NONE, 1);
    filled(builder, () => sized(3, 5));
    expect(builder.estimatedBytes).toBe(16_381);
  });

  it('gives 1048489 bytes as the largest value that passes a max.request.size of 1048576', () => {
    expect(recordSizeUpperBound(sized(null, 1_048_489))).toBe(1_048_576);
    expect(recordSizeUpperBound(sized(null, 1_048_490))).toBe(1_048_577);
  });

  it('never promises less than a record takes in a batch of its own', () => {
    const random = createRandom();
    for (let round = 0; round < 150; round++) {
      const offered = record(randomRecord(random, NOW));
      const builder = new RecordBatchBuilder(0, NONE, 1);
      builder.append(offered);
      expect(builder.build(NOBODY).length).toBeLessThanOrEqual(recordSizeUpperBound(offered));
    }
  });

  it('says before an append exactly what it will take', () => {
    const random = createRandom();
    const builder = new RecordBatchBuilder(10_000_000, NONE, 1);
    let timestamp = NOW;
    for (let round = 0; round < 150; round++) {
      const plain = randomRecord(random, timestamp);
      timestamp = plain.timestamp ?? timestamp;
      const offered = record(plain);
      const before = builder.uncompressedBytes;
      const room = builder.roomFor(offered);
      builder.append(offered);
      expect(builder.uncompressedBytes - before).toBe(room);
    }
  });
});

describe('room in a batch', () => {
  it('takes a first record of any size, alone', () => {
    const builder = new RecordBatchBuilder(100, NONE, 1);
    expect(builder.isFull).toBe(false);
    const large = sized(null, 5_000);
    expect(builder.roomFor(large)).toBeGreaterThan(5_000);
    builder.append(large);
    expect(builder.isFull).toBe(true);
    expect(builder.roomFor(sized(null, 0))).toBe(-1);
    expect(decodeRecordBatches(builder.build(NOBODY))[0]?.records).toHaveLength(1);
  });

  it('takes a record that fills the batch to its last byte, and none that needs one more', () => {
    const capacity = RECORD_BATCH_HEADER_BYTES + 109 + 109;
    const exact = new RecordBatchBuilder(capacity, NONE, 1);
    exact.append(sized(null, 100));
    expect(exact.isFull).toBe(false);
    expect(exact.roomFor(sized(null, 101))).toBe(-1);
    expect(exact.roomFor(sized(null, 100))).toBe(109);
    exact.append(sized(null, 100));
    expect(exact.isFull).toBe(true);
    expect(exact.build(NOBODY)).toHaveLength(capacity);
  });

  it('expects compressed records to take ratio x 1.05', async () => {
    const gzip = await loadCompressionCodec('gzip', null);
    const half = new RecordBatchBuilder(BATCH_SIZE, gzip, 0.5);
    const whole = new RecordBatchBuilder(BATCH_SIZE, gzip, 1);
    const next = (): BatchRecord => sized(null, 1_000);
    // The room left must hold the next record uncompressed: 61 + n x 1009 x ratio x 1.05 + 1009 <= 16384.
    expect(filled(whole, next)).toHaveLength(15);
    expect(filled(half, next)).toHaveLength(29);
    expect(half.estimatedBytes).toBe(RECORD_BATCH_HEADER_BYTES + Math.ceil(29 * 1_009 * 0.5 * 1.05));
  });
});

describe.each(TYPES)('a %s batch', (type) => {
  let codec: CompressionCodec;

  beforeAll(async () => {
    codec = await loadCompressionCodec(type, null);
  });

  it('holds any records as they were given, for our decoder and for kafkajs', async () => {
    const random = createRandom();
    for (let round = 0; round < 8; round++) {
      const builder = new RecordBatchBuilder(random.pick([100, 4_096, 200_000]), codec, random.pick([1, 0.3]));
      const plain: Plain[] = [];
      let timestamp = NOW;
      for (let index = 0; index < 60; index++) {
        const next = randomRecord(random, timestamp);
        timestamp = next.timestamp ?? timestamp;
        if (builder.roomFor(record(next)) < 0) break;
        builder.append(record(next));
        plain.push(next);
      }
      const state = {
        producerId: BigInt(below(random, 2 ** 40)) * 4096n,
        producerEpoch: below(random, 32_768),
        baseSequence: below(random, 2 ** 31),
        transactional: below(random, 2) === 1,
      };
      const bytes = Buffer.from(builder.build(state));
      const expected = plain.map(({ timestamp: stamp, key, value, headers }, index) => ({
        offset: BigInt(index),
        timestamp: stamp,
        key: key ?? null,
        value: bytesOf(value),
        headers: headers ?? [],
      }));
      const maxTimestamp = Math.max(...expected.map(({ timestamp: stamp = 0 }) => stamp));

      const [decoded, ...others] = decodeRecordBatches(bytes, [codec]);
      expect(others).toEqual([]);
      expect(decoded).toMatchObject({
        baseOffset: 0n,
        compression: type,
        timestampType: 'CreateTime',
        isTransactional: state.transactional,
        isControl: false,
        lastOffsetDelta: plain.length - 1,
        baseTimestamp: plain[0]?.timestamp,
        maxTimestamp,
        producerId: state.producerId,
        producerEpoch: state.producerEpoch,
        baseSequence: state.baseSequence,
        sizeInBytes: bytes.length,
      });
      expect(decoded?.records).toEqual(expected);

      const foreign = await readByKafkajs(bytes, codec);
      expect(foreign).toMatchObject({
        firstOffset: '0',
        firstTimestamp: String(plain[0]?.timestamp),
        maxTimestamp: String(maxTimestamp),
        lastOffsetDelta: plain.length - 1,
        producerId: String(state.producerId),
        producerEpoch: state.producerEpoch,
        firstSequence: state.baseSequence,
        inTransaction: state.transactional,
        isControlBatch: false,
      });
      // kafkajs folds headers into an object, which loses order and `__proto__`: names and values were compared above.
      expect(foreign.records.map(({ offset, timestamp: stamp, key, value }) => [offset, stamp, key, value])).toEqual(
        expected.map(({ offset, timestamp: stamp, key, value }) => [String(offset), String(stamp), key, value]),
      );
    }
  });

  it('gets another producer state, flag and checksum, but the same records, when it is built again', () => {
    const builder = new RecordBatchBuilder(BATCH_SIZE, codec, 1);
    for (let index = 0; index < 20; index++) builder.append(sized(4, 90 + index));
    const first = Buffer.from(builder.build({ ...NOBODY, producerId: 7n, producerEpoch: 0, baseSequence: 41 }));
    const second = Buffer.from(
      builder.build({ producerId: 8n, producerEpoch: 32_767, baseSequence: 2_147_483_647, transactional: true }),
    );
    const third = Buffer.from(builder.build(NOBODY));
    for (const bytes of [first, second, third]) {
      expect(bytes.readUInt32BE(CRC_OFFSET)).toBe(crc32c(bytes, ATTRIBUTES_OFFSET));
      expect(bytes.subarray(RECORD_BATCH_HEADER_BYTES)).toEqual(first.subarray(RECORD_BATCH_HEADER_BYTES));
    }
    const read = (bytes: Buffer): unknown => decodeRecordBatches(bytes, [codec])[0];
    expect(read(first)).toMatchObject({ producerId: 7n, producerEpoch: 0, baseSequence: 41, isTransactional: false });
    expect(read(second)).toMatchObject({
      producerId: 8n,
      producerEpoch: 32_767,
      baseSequence: 2_147_483_647,
      isTransactional: true,
      compression: type,
    });
    expect(read(third)).toMatchObject({ producerId: -1n, producerEpoch: -1, baseSequence: -1, isTransactional: false });
  });

  it('compresses once, however often it is built', () => {
    let compressions = 0;
    const counting: CompressionCodec = {
      type,
      id: codec.id,
      compress: (records) => {
        compressions++;
        return codec.compress(records);
      },
      decompress: (records) => codec.decompress(records),
    };
    const builder = new RecordBatchBuilder(BATCH_SIZE, counting, 1);
    builder.append(sized(null, 100));
    for (let round = 0; round < 3; round++) builder.build({ ...NOBODY, baseSequence: round });
    expect(compressions).toBe(type === 'none' ? 0 : 1);
  });
});

describe('the bytes of a batch', () => {
  it('are exactly these', () => {
    const builder = new RecordBatchBuilder(BATCH_SIZE, NONE, 1);
    builder.append(record({ timestamp: 1_000, key: Buffer.from('k'), value: 'v' }));
    builder.append(record({ timestamp: 999, value: 'ä', headers: [{ key: 'h', value: null }] }));
    const bytes = builder.build({ producerId: 1n, producerEpoch: 2, baseSequence: 3, transactional: false });
    const records = [
      // length 8: attributes, timestamp +0, offset +0, key "k", value "v", no headers
      '10 00 00 00 02 6b 02 76 00',
      // length 11: attributes, timestamp -1, offset +1, no key, value "ä", one header "h" = null
      '16 00 01 02 01 04 c3a4 02 02 68 01',
    ];
    const header = [
      '0000000000000000', // base offset
      '00000046', // length: 49 bytes of the header, 21 of records
      'ffffffff', // partition leader epoch
      '02', // magic
      bytes.subarray(CRC_OFFSET, ATTRIBUTES_OFFSET).toString('hex'),
      '0000', // attributes
      '00000001', // last offset delta
      '00000000000003e8', // base timestamp
      '00000000000003e8', // max timestamp
      '0000000000000001',
      '0002',
      '00000003',
      '00000002', // records
    ];
    expect(bytes.toString('hex')).toBe([...header, ...records].join('').replaceAll(' ', ''));
    expect(bytes.readUInt32BE(CRC_OFFSET)).toBe(crc32c(bytes, ATTRIBUTES_OFFSET));
  });

  it('announce their length, magic 2, base offset 0 and no leader epoch', () => {
    const builder = new RecordBatchBuilder(BATCH_SIZE, NONE, 1);
    builder.append(sized(null, 1_000));
    const bytes = builder.build(NOBODY);
    expect(bytes.readBigInt64BE(BASE_OFFSET_OFFSET)).toBe(0n);
    expect(bytes.readInt32BE(LENGTH_OFFSET)).toBe(bytes.length - 12);
    expect(bytes.readInt32BE(PARTITION_LEADER_EPOCH_OFFSET)).toBe(-1);
    expect(bytes.readInt8(MAGIC_OFFSET)).toBe(2);
  });

  it('span any two moments a Date can hold', () => {
    const builder = new RecordBatchBuilder(BATCH_SIZE, NONE, 1);
    const moments = [0, 8_640_000_000_000_000, 1, 2 ** 30, 2 ** 30 + 1, 2 ** 31, 0x3fff_ffff, 0x4000_0000];
    for (const timestamp of moments) builder.append(record({ timestamp }));
    const reversed = new RecordBatchBuilder(BATCH_SIZE, NONE, 1);
    for (const timestamp of [...moments].reverse()) reversed.append(record({ timestamp }));
    const read = (bytes: Buffer): unknown => decodeRecordBatches(bytes)[0]?.records.map(({ timestamp }) => timestamp);
    expect(read(builder.build(NOBODY))).toEqual(moments);
    expect(read(reversed.build(NOBODY))).toEqual([...moments].reverse());
  });
});

describe('memory of a compressed batch', () => {
  it('says before an append by how much it has to grow, and grows by just that', async () => {
    const gzip = await loadCompressionCodec('gzip', null);
    const builder = new RecordBatchBuilder(1_024, gzip, 0.01);
    let allocated = 1_024;
    for (let index = 0; index < 40; index++) {
      const next = sized(null, 300);
      allocated += builder.growthFor(builder.roomFor(next));
      builder.append(next);
      const free = allocated - builder.uncompressedBytes;
      expect(free).toBeGreaterThanOrEqual(0);
      expect(builder.growthFor(free)).toBe(0);
      expect(builder.growthFor(free + 1)).toBeGreaterThan(0);
    }
    expect(allocated).toBeGreaterThan(1_024);
    expect(decodeRecordBatches(builder.build(NOBODY), [gzip])[0]?.records).toHaveLength(40);
  });

  it('never grows without compression', () => {
    const builder = new RecordBatchBuilder(BATCH_SIZE, NONE, 1);
    const random = createRandom();
    filled(builder, () => {
      const next = record({ value: compressibleText(random, below(random, 400)) });
      const room = builder.roomFor(next);
      if (room >= 0) expect(builder.growthFor(room)).toBe(0);
      return next;
    });
    expect(builder.recordCount).toBeGreaterThan(10);
  });
});

describe('a batch that compresses very well', () => {
  it('takes no more than 100 000 records, because readers built on kafkajs die of more', async () => {
    const gzip = await loadCompressionCodec('gzip', null);
    const builder = new RecordBatchBuilder(BATCH_SIZE, gzip, 0.000_1);
    const tiny = sized(null, 0);
    for (let index = 0; index < 100_000; index++) {
      if (builder.isFull) throw new Error(`full after ${index} records`);
      builder.append(tiny);
    }
    expect(builder.isFull).toBe(true);
    expect(builder.roomFor(tiny)).toBe(-1);
  });
});
