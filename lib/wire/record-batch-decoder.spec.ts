import { createRequire } from 'node:module';
import { createRandom } from '../../test/support/random.js';
import { below } from '../../test/wire/random-data.js';
import type { CompressionCodec, CompressionType } from './compression/compression-codec.js';
import { loadCompressionCodec } from './compression/load-compression-codec.js';
import { crc32c } from './crc32c.js';
import { MalformedResponseError } from './malformed-response-error.js';
import { ProtocolWriter } from './protocol/protocol-writer.js';
import { decodeRecordBatches } from './record-batch-decoder.js';
import {
  ATTRIBUTES_OFFSET,
  CRC_OFFSET,
  LENGTH_OFFSET,
  MAGIC_OFFSET,
  RECORDS_COUNT_OFFSET,
  uvarintSize,
  varintSize,
  varlongSize,
} from './record-batch-format.js';

const require = createRequire(import.meta.url);

interface Header {
  readonly key: string;
  readonly value: Buffer | null;
}

interface Written {
  readonly timestampDelta: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly Header[];
}

interface BatchOptions {
  readonly codec?: CompressionCodec;
  readonly attributes?: number;
  readonly maxTimestamp?: bigint;
  readonly count?: number;
}

const BASE_TIMESTAMP = 1_700_000_000_000;

/** A batch written field by field, as the protocol says, so that the decoder is not tested against our own builder only. */
function writeBatch(records: readonly Written[], options: BatchOptions = {}): Buffer {
  const body = new ProtocolWriter();
  records.forEach((record, index) => {
    const inner = new ProtocolWriter();
    inner.int8(0).varlong(BigInt(record.timestampDelta)).varint(index);
    writeNullable(inner, record.key);
    writeNullable(inner, record.value);
    inner.varint(record.headers.length);
    for (const { key, value } of record.headers) {
      writeNullable(inner, Buffer.from(key));
      writeNullable(inner, value);
    }
    body.varint(inner.length).raw(inner.toBuffer());
  });
  const bytes = options.codec === undefined ? body.toBuffer() : options.codec.compress(body.toBuffer());
  const attributes = (options.attributes ?? 0) | (options.codec?.id ?? 0);
  const batch = new ProtocolWriter();
  batch.int64(42n).int32(0).int32(7).int8(2).uint32(0).int16(attributes);
  batch
    .int32(records.length - 1)
    .int64FromNumber(BASE_TIMESTAMP)
    .int64(options.maxTimestamp ?? BigInt(BASE_TIMESTAMP));
  batch.int64(123_456_789_012n).int16(3).int32(17);
  batch.int32(options.count ?? records.length).raw(bytes);
  return sealed(batch.toBuffer());
}

function writeNullable(writer: ProtocolWriter, bytes: Buffer | null): void {
  if (bytes === null) writer.varint(-1);
  else writer.varint(bytes.length).raw(bytes);
}

/** Writes length and checksum over whatever the batch holds. */
function sealed(batch: Buffer): Buffer {
  batch.writeInt32BE(batch.length - LENGTH_OFFSET - 4, LENGTH_OFFSET);
  batch.writeUInt32BE(crc32c(batch, ATTRIBUTES_OFFSET), CRC_OFFSET);
  return batch;
}

const MIXED: readonly Written[] = [
  { timestampDelta: 0, key: Buffer.from('k'), value: Buffer.from('v'), headers: [] },
  { timestampDelta: -5, key: null, value: null, headers: [{ key: '__proto__', value: Buffer.from('data') }] },
  {
    timestampDelta: 86_400_000_000,
    key: Buffer.alloc(0),
    value: Buffer.alloc(300, 'x'),
    headers: [
      { key: 'a', value: null },
      { key: 'a', value: Buffer.alloc(0) },
      { key: '', value: Buffer.from('ä') },
    ],
  },
];

describe('decodeRecordBatches', () => {
  it.each<CompressionType>(['none', 'gzip', 'snappy', 'lz4', 'zstd'])(
    'reads every field of a %s batch',
    async (type) => {
      const codec = await loadCompressionCodec(type, null);
      const bytes = writeBatch(MIXED, { codec, attributes: 0x10 });
      const [batch, ...others] = decodeRecordBatches(bytes, [codec]);
      expect(others).toEqual([]);
      expect(batch).toEqual({
        baseOffset: 42n,
        partitionLeaderEpoch: 7,
        crc: bytes.readUInt32BE(CRC_OFFSET),
        attributes: 0x10 | codec.id,
        compression: type,
        timestampType: 'CreateTime',
        isTransactional: true,
        isControl: false,
        lastOffsetDelta: 2,
        baseTimestamp: BASE_TIMESTAMP,
        maxTimestamp: BASE_TIMESTAMP,
        producerId: 123_456_789_012n,
        producerEpoch: 3,
        baseSequence: 17,
        sizeInBytes: bytes.length,
        records: MIXED.map(({ timestampDelta, key, value, headers }, index) => ({
          offset: 42n + BigInt(index),
          timestamp: BASE_TIMESTAMP + timestampDelta,
          key,
          value,
          headers,
        })),
      });
    },
  );

  it('reads what kafkajs wrote', async () => {
    const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0/index.js') as {
      RecordBatch: (options: object) => Promise<{ buffer: Buffer }>;
    };
    const Record = require('kafkajs/src/protocol/recordBatch/record/v0/index.js') as (options: object) => unknown;
    const { buffer } = await RecordBatch({
      firstTimestamp: BASE_TIMESTAMP,
      maxTimestamp: BASE_TIMESTAMP + 9,
      lastOffsetDelta: 1,
      producerId: -1,
      records: [
        Record({ offsetDelta: 0, timestampDelta: 0, key: 'k', value: Buffer.from('v'), headers: { h: 'x' } }),
        Record({ offsetDelta: 1, timestampDelta: 9, key: null, value: null, headers: {} }),
      ],
    });
    const [batch] = decodeRecordBatches(buffer);
    expect(batch?.records).toEqual([
      {
        offset: 0n,
        timestamp: BASE_TIMESTAMP,
        key: Buffer.from('k'),
        value: Buffer.from('v'),
        headers: [{ key: 'h', value: Buffer.from('x') }],
      },
      { offset: 1n, timestamp: BASE_TIMESTAMP + 9, key: null, value: null, headers: [] },
    ]);
  });

  it('reads several batches, and leaves out a last one that is cut off anywhere', () => {
    const one = writeBatch(MIXED);
    const two = Buffer.concat([one, one]);
    expect(decodeRecordBatches(two)).toHaveLength(2);
    for (let length = one.length; length < two.length; length++) {
      expect(decodeRecordBatches(two.subarray(0, length))).toHaveLength(1);
    }
    expect(decodeRecordBatches(Buffer.alloc(0))).toEqual([]);
  });

  it('gives every record the broker’s time with LogAppendTime', () => {
    const [batch] = decodeRecordBatches(writeBatch(MIXED, { attributes: 0x08, maxTimestamp: 1_800_000_000_000n }));
    expect(batch?.timestampType).toBe('LogAppendTime');
    expect(batch?.records.map((record) => record.timestamp)).toEqual(MIXED.map(() => 1_800_000_000_000));
  });

  it('tells a transaction marker', () => {
    const [batch] = decodeRecordBatches(writeBatch([MIXED[0] ?? fail()], { attributes: 0x30 }));
    expect(batch).toMatchObject({ isControl: true, isTransactional: true });
  });

  it('notices any changed byte behind the checksum', () => {
    const bytes = writeBatch(MIXED);
    const random = createRandom();
    for (let round = 0; round < 100; round++) {
      const changed = Buffer.from(bytes);
      const at = CRC_OFFSET + below(random, changed.length - CRC_OFFSET);
      changed[at] = (changed[at] ?? 0) ^ (1 + below(random, 255));
      expect(() => decodeRecordBatches(changed)).toThrow(/checksum/);
    }
  });

  it.each<[string, (batch: Buffer) => void]>([
    ['an older magic', (batch) => batch.writeInt8(1, MAGIC_OFFSET)],
    ['an unknown codec', (batch) => batch.writeInt16BE(5, ATTRIBUTES_OFFSET)],
    ['more records than bytes', (batch) => batch.writeInt32BE(0x7fffffff, RECORDS_COUNT_OFFSET)],
    ['a negative number of records', (batch) => batch.writeInt32BE(-1, RECORDS_COUNT_OFFSET)],
    ['more records than are there', (batch) => batch.writeInt32BE(4, RECORDS_COUNT_OFFSET)],
    ['fewer records than are there', (batch) => batch.writeInt32BE(2, RECORDS_COUNT_OFFSET)],
    ['a record length that does not fit', (batch) => batch.writeInt8(40, 61)],
    ['a key longer than the batch', (batch) => batch.writeInt8(0x7e, 65)],
  ])('throws MalformedResponseError for %s', (_, damage) => {
    const batch = writeBatch(MIXED);
    damage(batch);
    expect(() => decodeRecordBatches(sealed(batch))).toThrow(MalformedResponseError);
  });

  it('throws MalformedResponseError for a length less than the header’s', () => {
    const batch = writeBatch(MIXED);
    for (const length of [-1, 0, 48]) {
      batch.writeInt32BE(length, LENGTH_OFFSET);
      expect(() => decodeRecordBatches(batch)).toThrow(MalformedResponseError);
    }
  });
});

describe('varint sizes', () => {
  it('are what the writer takes', () => {
    const random = createRandom();
    for (let round = 0; round < 500; round++) {
      const value = below(random, 2 ** (1 + below(random, 31)));
      const signed = (below(random, 2) === 0 ? value : -value) | 0;
      const large = (below(random, 2) === 0 ? 1 : -1) * value * 2 ** below(random, 22);
      expect(uvarintSize(value)).toBe(new ProtocolWriter().uvarint(value).length);
      expect(varintSize(signed)).toBe(new ProtocolWriter().varint(signed).length);
      expect(varlongSize(large)).toBe(new ProtocolWriter().varlong(BigInt(large)).length);
    }
    for (const edge of [0, -1, 63, 64, -64, -65, 8191, 8192, -8192, -8193, 2 ** 31 - 1, -(2 ** 31)]) {
      expect(varintSize(edge)).toBe(new ProtocolWriter().varint(edge).length);
      expect(varlongSize(edge)).toBe(new ProtocolWriter().varlong(BigInt(edge)).length);
    }
  });
});

function fail(): never {
  throw new Error('Unreachable');
}
