import { describe, expect, it } from '@jest/globals';
import { createRandom } from '../../test/support/random.js';
import type { CompressionCodec, CompressionType } from './compression/compression-codec.js';
import { CompressionCodecUnavailableError } from './compression/compression-codec-unavailable-error.js';
import { loadCompressionCodec } from './compression/load-compression-codec.js';
import { DecompressionCodecs } from './decompression-codecs.js';
import { FetchedBatches, type FetchedBatchesSource } from './fetched-batches.js';
import { MalformedResponseError } from './malformed-response-error.js';
import { LOG_APPEND_TIME_ATTRIBUTE } from './record-batch-format.js';
import { BASE_TIMESTAMP, batchBytes, markerBytes, withChecksum } from './spec-support/batch-bytes.js';

const MANY = 1_000_000;
/** `P@0`: an aborted transaction of producer P that began at offset 0. */
type Aborted = readonly [producerId: bigint, firstOffset: number];

function fetched(batches: readonly Buffer[], source: Partial<FetchedBatchesSource> = {}): FetchedBatches {
  return new FetchedBatches({
    topic: 't',
    partition: 2,
    bytes: Buffer.concat(batches),
    fetchOffset: 0n,
    abortedTransactions: null,
    codecs: [],
    ...source,
  });
}

function valuesOf(batches: FetchedBatches): string[] {
  return batches.take(MANY, MANY).map(({ offset, value }) => `${offset}:${String(value)}`);
}

function committed(batches: readonly Buffer[], aborted: readonly Aborted[], fetchOffset = 0n): FetchedBatches {
  const abortedTransactions = aborted.map(([producerId, first]) => ({ producerId, firstOffset: BigInt(first) }));
  return fetched(batches, { abortedTransactions, fetchOffset });
}

function transactional(baseOffset: number, producerId: bigint, values: readonly string[], key?: Buffer): Buffer {
  const records = values.map((value) => ({ value, key: key ?? null }));
  return batchBytes({ baseOffset, producerId, isTransactional: true, records });
}

function plain(baseOffset: number, ...values: string[]): Buffer {
  return batchBytes({ baseOffset, records: values.map((value) => ({ value })) });
}

describe('FetchedBatches', () => {
  it('gives records with everything that was stored', () => {
    const headers = [
      ['trace', Buffer.from([1, 2])],
      ['', null],
      ['trace', Buffer.alloc(0)],
    ] as const;
    const batches = fetched([
      batchBytes({
        baseOffset: 5,
        leaderEpoch: 9,
        records: [
          { key: 'k', value: 'äöü', timestamp: BASE_TIMESTAMP - 7, headers },
          { key: null, value: null, timestamp: BASE_TIMESTAMP + 3_000_000_000 },
        ],
      }),
    ]);

    expect(batches.isExhausted).toBe(false);
    const records = batches.take(MANY, MANY);

    expect(records).toEqual([
      {
        topic: 't',
        partition: 2,
        offset: 5n,
        timestamp: BASE_TIMESTAMP - 7,
        timestampType: 'CreateTime',
        leaderEpoch: 9,
        key: Buffer.from('k'),
        value: Buffer.from('äöü'),
        headers: headers.map(([key, value]) => ({ key, value })),
        sizeInBytes: 1 + 6 + 1 + (1 + 5 + 1 + 2) + (1 + 1) + (1 + 5 + 1),
      },
      expect.objectContaining({ offset: 6n, timestamp: BASE_TIMESTAMP + 3_000_000_000, key: null, value: null }),
    ]);
    expect(records[1]?.headers).toEqual([]);
    expect(batches.nextOffset).toBe(7n);
    expect(batches.isExhausted).toBe(true);
  });

  it('takes the time of the broker where it has stamped the records', () => {
    const batch = batchBytes({
      baseOffset: 0,
      attributes: LOG_APPEND_TIME_ATTRIBUTE,
      maxTimestamp: BASE_TIMESTAMP + 50,
      records: [{ timestamp: BASE_TIMESTAMP + 1 }, { timestamp: BASE_TIMESTAMP + 2 }],
    });
    const records = fetched([batch]).take(MANY, MANY);
    expect(records.map(({ timestamp, timestampType }) => [timestamp, timestampType])).toEqual([
      [BASE_TIMESTAMP + 50, 'LogAppendTime'],
      [BASE_TIMESTAMP + 50, 'LogAppendTime'],
    ]);
  });

  it('leaves out what lies below the offset that was asked for', () => {
    const batches = fetched([plain(0, 'a', 'b', 'c'), plain(3, 'd')], { fetchOffset: 2n });
    expect(valuesOf(batches)).toEqual(['2:c', '3:d']);
  });

  it('leaves out a last batch that is cut off, and a batch of which not even the length is there', () => {
    const whole = plain(0, 'a', 'b');
    const next = plain(2, 'c');
    for (const cut of [1, 11, 12, 60, next.length - 1]) {
      const batches = fetched([whole, next.subarray(0, cut)]);
      expect(valuesOf(batches)).toEqual(['0:a', '1:b']);
      expect(batches.nextOffset).toBe(2n);
      expect(batches.isExhausted).toBe(true);
    }
  });

  it('steps over offsets that were compacted away', () => {
    const batches = fetched([
      batchBytes({ baseOffset: 0, lastOffset: 9, records: [{ offset: 4, value: 'a' }] }),
      batchBytes({ baseOffset: 10, lastOffset: 19, records: [] }),
      batchBytes({ baseOffset: 20, lastOffset: 29, records: [{ offset: 20, value: 'b' }] }),
    ]);
    expect(valuesOf(batches)).toEqual(['4:a', '20:b']);
    expect(batches.nextOffset).toBe(30n);
  });

  it('steps over a batch whose records all lie below the offset that was asked for', () => {
    const batch = batchBytes({ baseOffset: 0, lastOffset: 9, records: [{ offset: 2, value: 'a' }] });
    const batches = fetched([batch], { fetchOffset: 5n });
    expect(valuesOf(batches)).toEqual([]);
    expect(batches.nextOffset).toBe(10n);
  });

  it('gives no more than was asked for at a time, and everything in the end', () => {
    const random = createRandom();
    const values = Array.from({ length: 500 }, (_, index) => `${index}`.padEnd(random.integer(1, 40), 'x'));
    const parts: Buffer[] = [];
    for (let from = 0; from < values.length;) {
      const to = from + random.integer(1, 60);
      parts.push(plain(from, ...values.slice(from, to)));
      from = Math.min(to, values.length);
    }
    const batches = fetched(parts);
    const taken: string[] = [];
    while (!batches.isExhausted) {
      const limit = random.integer(1, 30);
      const records = batches.take(limit, random.integer(1, 500));
      expect(records.length).toBeGreaterThan(0);
      expect(records.length).toBeLessThanOrEqual(limit);
      taken.push(...records.map(({ value }) => String(value)));
      expect(batches.nextOffset).toBe(BigInt(taken.length));
    }
    expect(taken).toEqual(values);
  });

  it('ends a call at the first record that reaches the limit in bytes', () => {
    const batches = fetched([plain(0, 'x'.repeat(50), 'y'.repeat(50), 'z')]);
    expect(batches.take(MANY, 60).length).toBe(2);
    expect(batches.take(MANY, 60).length).toBe(1);
  });

  it('reads a batch of 200 000 records', () => {
    const batches = fetched([
      batchBytes({ baseOffset: 0, records: Array.from({ length: 200_000 }, (_, index) => ({ value: `${index}` })) }),
    ]);
    const records = batches.take(MANY, MANY * 100);
    expect(records.length).toBe(200_000);
    expect(String(records.at(-1)?.value)).toBe('199999');
  });

  it.each<CompressionType>(['gzip', 'snappy', 'lz4', 'zstd'])('reads %s, loading what it needs', async (type) => {
    const codecs = new DecompressionCodecs();
    const codec = await loadCompressionCodec(type, null);
    const bytes = Buffer.concat([
      plain(0, 'first'),
      batchBytes({ baseOffset: 1, codec, records: [{ value: 'a'.repeat(200) }] }),
    ]);
    await codecs.prepare(bytes);
    expect(codecs.prepare(bytes)).toBeNull();
    expect(valuesOf(fetched([bytes], { codecs: codecs.loaded }))).toEqual(['0:first', `1:${'a'.repeat(200)}`]);
  });

  it('names the package that a codec needs when it is not installed', async () => {
    const missing = (): Promise<CompressionCodec> =>
      Promise.reject(new CompressionCodecUnavailableError('lz4', 'lz4-napi', 'is not installed'));
    const codecs = new DecompressionCodecs(missing);
    const codec = await loadCompressionCodec('lz4', null);
    const bytes = batchBytes({ baseOffset: 0, codec, records: [{ value: 'a' }] });
    await expect(codecs.prepare(bytes)).rejects.toThrow(/npm install lz4-napi/);
  });

  it('counts a checksum that is wrong as damage, after it has given what stands before', () => {
    const damaged = plain(2, 'c');
    damaged.writeUInt8(damaged.readUInt8(66) ^ 1, 66);
    const batches = fetched([plain(0, 'a', 'b'), damaged, plain(3, 'd')]);
    expect(valuesOf(batches)).toEqual(['0:a', '1:b']);
    expect(batches.isExhausted).toBe(false);
    expect(() => batches.take(MANY, MANY)).toThrow(MalformedResponseError);
    expect(() => batches.take(MANY, MANY)).toThrow(/t-2, near offset 2: The batch at offset 2 has checksum/);
    expect(batches.nextOffset).toBe(2n);
  });

  it('refuses batches that are older than Kafka 0.11', () => {
    for (const magic of [0, 1]) {
      const batch = batchBytes({ baseOffset: 0, magic, records: [{ value: 'a' }] });
      expect(() => fetched([batch]).take(1, 1)).toThrow(new RegExp(`has magic ${magic}; only 2`));
    }
  });

  it.each([
    ['more records than there are', { count: 2 }],
    ['fewer records than there are', { count: 1, records: [{ value: 'a' }, { value: 'b' }] }],
    ['a negative count', { count: -1 }],
    ['a record beyond the end of its batch', { lastOffset: 3, records: [{ offset: 4 }] }],
  ])('counts %s as damage', (_, batch) => {
    const batches = fetched([batchBytes({ baseOffset: 0, records: [{ value: 'a' }], ...batch })]);
    expect(() => {
      while (!batches.isExhausted) batches.take(1, 1);
    }).toThrow(MalformedResponseError);
  });

  it('never reads beyond damaged bytes, whatever they say', () => {
    const random = createRandom();
    const original = batchBytes({
      baseOffset: 0,
      records: Array.from({ length: 20 }, (_, index) => ({ key: `${index}`, value: 'v', headers: [['h', null]] })),
    });
    for (let round = 0; round < 2_000; round++) {
      const damaged = Buffer.from(original);
      damaged[random.integer(61, damaged.length - 1)] = random.integer(0, 255);
      const batches = fetched([withChecksum(damaged)]);
      try {
        while (!batches.isExhausted) {
          const sizes = batches.take(7, MANY).map(({ sizeInBytes }) => sizeInBytes);
          if (!sizes.every((size) => size < original.length)) throw new Error(`Records of ${String(sizes)} bytes`);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedResponseError);
      }
    }
  });
});

describe('FetchedBatches with read_committed', () => {
  const [P1, P2, P3] = [11n, 12n, 13n];

  it('gives committed records, and neither aborted ones nor markers', () => {
    const log = [
      transactional(0, P1, ['a']),
      transactional(1, P2, ['never']),
      plain(2, 'b'),
      markerBytes(3, P1, 'commit'),
      markerBytes(4, P2, 'abort'),
      transactional(5, P2, ['c']),
      markerBytes(6, P2, 'commit'),
    ];
    const batches = committed(log, [[P2, 1]]);
    expect(valuesOf(batches)).toEqual(['0:a', '2:b', '5:c']);
    expect(batches.nextOffset).toBe(7n);
  });

  it('gives aborted records, but no markers, without it', () => {
    const log = [transactional(0, P1, ['a']), markerBytes(1, P1, 'abort'), plain(2, 'b')];
    expect(valuesOf(fetched(log))).toEqual(['0:a', '2:b']);
  });

  it('leaves out the second of two transactions that were open before the fetch began', () => {
    const log = [
      transactional(2, P2, ['never']),
      markerBytes(3, P1, 'abort'),
      markerBytes(4, P2, 'abort'),
      plain(5, 'ok'),
    ];
    expect(
      valuesOf(
        committed(
          log,
          [
            [P1, 0],
            [P2, 1],
          ],
          2n,
        ),
      ),
    ).toEqual(['5:ok']);
  });

  it('does not take a record for a marker because of its key', () => {
    const log = [
      transactional(0, P1, ['never'], Buffer.alloc(4)),
      transactional(1, P1, ['never']),
      markerBytes(2, P1, 'abort'),
      plain(3, 'ok'),
    ];
    expect(valuesOf(committed(log, [[P1, 0]]))).toEqual(['3:ok']);
  });

  it('leaves out both of two transactions of which the later one was aborted first', () => {
    const log = [
      transactional(0, P1, ['never']),
      transactional(1, P1, ['never']),
      transactional(2, P2, ['never']),
      markerBytes(3, P2, 'abort'),
      markerBytes(4, P1, 'abort'),
      plain(5, 'ok'),
    ];
    expect(
      valuesOf(
        committed(log, [
          [P2, 2],
          [P1, 0],
        ]),
      ),
    ).toEqual(['5:ok']);
  });

  it('leaves out three transactions that were aborted in reverse order', () => {
    const log = [
      transactional(0, P1, ['never']),
      transactional(1, P2, ['never']),
      transactional(2, P3, ['never']),
      markerBytes(3, P3, 'abort'),
      markerBytes(4, P2, 'abort'),
      markerBytes(5, P1, 'abort'),
      plain(6, 'ok'),
    ];
    expect(
      valuesOf(
        committed(log, [
          [P3, 2],
          [P2, 1],
          [P1, 0],
        ]),
      ),
    ).toEqual(['6:ok']);
  });

  it('leaves out the rest of a long transaction whose beginning came with an earlier fetch, and one inside of it', () => {
    const log = [
      transactional(10, P1, ['never']),
      transactional(11, P2, ['never']),
      markerBytes(12, P2, 'abort'),
      transactional(13, P1, ['never', 'never']),
      markerBytes(15, P1, 'abort'),
      plain(16, 'ok'),
    ];
    expect(
      valuesOf(
        committed(
          log,
          [
            [P2, 11],
            [P1, 0],
          ],
          10n,
        ),
      ),
    ).toEqual(['16:ok']);
  });

  it('gives what a producer commits between two transactions that it aborts', () => {
    const log = [
      transactional(0, P1, ['never']),
      markerBytes(1, P1, 'abort'),
      transactional(2, P1, ['ok']),
      markerBytes(3, P1, 'commit'),
      transactional(4, P1, ['never']),
      markerBytes(5, P1, 'abort'),
    ];
    const batches = committed(log, [
      [P1, 0],
      [P1, 4],
    ]);
    expect(valuesOf(batches)).toEqual(['2:ok']);
    expect(batches.nextOffset).toBe(6n);
  });

  it('gives what an idempotent producer writes without a transaction, whatever its id', () => {
    const log = [batchBytes({ baseOffset: 0, producerId: P1, records: [{ value: 'ok' }] })];
    expect(valuesOf(committed(log, [[P1, 0]]))).toEqual(['0:ok']);
  });
});
