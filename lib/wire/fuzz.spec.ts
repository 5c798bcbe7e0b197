import { jest } from '@jest/globals';
import { createRandom, type Random } from '../../test/support/random.js';
import { below } from '../../test/wire/random-data.js';
import type { CompressionCodec, CompressionType } from './compression/compression-codec.js';
import { NoneCodec } from './compression/none-codec.js';
import { loadCompressionCodec } from './compression/load-compression-codec.js';
import { crc32c } from './crc32c.js';
import { MalformedResponseError } from './malformed-response-error.js';
import type { AnyApi } from './protocol/api-definition.js';
import { addOffsetsToTxnApi } from './protocol/add-offsets-to-txn.js';
import { addPartitionsToTxnApi } from './protocol/add-partitions-to-txn.js';
import { apiVersionsApi } from './protocol/api-versions.js';
import { describeTransactionsApi } from './protocol/describe-transactions.js';
import { endTxnApi } from './protocol/end-txn.js';
import { findCoordinatorApi } from './protocol/find-coordinator.js';
import { initProducerIdApi } from './protocol/init-producer-id.js';
import { metadataApi } from './protocol/metadata.js';
import { produceApi } from './protocol/produce.js';
import { txnOffsetCommitApi } from './protocol/txn-offset-commit.js';
import { decodeRecordBatches } from './record-batch-decoder.js';
import {
  ATTRIBUTES_OFFSET,
  CRC_OFFSET,
  LENGTH_OFFSET,
  MAGIC_OFFSET,
  MAGIC_V2,
  RECORDS_COUNT_OFFSET,
  RECORD_BATCH_HEADER_BYTES,
} from './record-batch-format.js';
import { bytesOf } from './spec-support/kafka-bytes.js';

interface Decoder extends AnyApi {
  decodeResponse(version: number, body: Buffer): unknown;
}

// Megabytes are compressed here, and machines that run tests are often busy.
jest.setTimeout(30_000);

const APIS: readonly Decoder[] = [
  apiVersionsApi,
  metadataApi,
  produceApi,
  initProducerIdApi,
  findCoordinatorApi,
  addPartitionsToTxnApi,
  addOffsetsToTxnApi,
  txnOffsetCommitApi,
  endTxnApi,
  describeTransactionsApi,
];
const ROUNDS = 1_500;
/** Generous: a decoder that trusts a count takes seconds, or dies. */
const LIMIT_MS = 2_000;
const LIMIT_BYTES = 400 * 1024 * 1024;

/** Decodes; whatever comes out must be a value or a MalformedResponseError, soon, and without much memory. */
function survive(decode: () => unknown, bytes: Buffer, seed: number): 'parsed' | 'refused' {
  const residentBefore = process.memoryUsage.rss();
  const startedAt = performance.now();
  let outcome: 'parsed' | 'refused' = 'parsed';
  try {
    decode();
  } catch (error) {
    outcome = 'refused';
    if (!(error instanceof MalformedResponseError)) {
      throw new Error(`TEST_SEED=${seed}, bytes ${bytes.subarray(0, 300).toString('hex')}`, { cause: error });
    }
  }
  const tookMs = performance.now() - startedAt;
  const grownBy = process.memoryUsage.rss() - residentBefore;
  if (tookMs > LIMIT_MS || grownBy > LIMIT_BYTES) {
    throw new Error(
      `${tookMs} ms and ${grownBy} bytes for TEST_SEED=${seed}, bytes ${bytes.subarray(0, 300).toString('hex')}`,
    );
  }
  return outcome;
}

/** Changes some bytes, preferably to those that make lengths and counts absurd; cuts; or puts bytes in. */
function mutate(random: Random, original: Buffer): Buffer {
  const bytes = Buffer.from(original);
  for (let change = below(random, 4); change >= 0 && bytes.length > 0; change--) {
    bytes[below(random, bytes.length)] = random.pick([0, 1, 0x7f, 0x80, 0xff, below(random, 256)]);
  }
  if (below(random, 3) === 0) return bytes.subarray(0, below(random, bytes.length + 1));
  if (below(random, 5) > 0) return bytes;
  const at = below(random, bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), random.bytes(below(random, 12)), bytes.subarray(at)]);
}

describe.each(APIS.map((api) => [api.name, api] as const))(
  'the %s decoder, given bytes of a hostile broker',
  (name, api) => {
    it('parses or throws MalformedResponseError, at once and without much memory', () => {
      const random = createRandom();
      const outcomes = new Set<string>();
      for (let round = 0; round < ROUNDS; round++) {
        const version = api.minVersion + below(random, api.maxVersion - api.minVersion + 1);
        const bytes =
          below(random, 4) === 0
            ? random.bytes(below(random, 80))
            : mutate(random, bytesOf(`${name}Response v${version}`));
        outcomes.add(survive(() => api.decodeResponse(version, bytes), bytes, random.seed));
      }
      expect([...outcomes].sort()).toEqual(['parsed', 'refused']);
    });

    it('throws for a valid response that is cut off anywhere, or has bytes left over', () => {
      for (let version = api.minVersion; version <= api.maxVersion; version++) {
        const body = bytesOf(`${name}Response v${version}`);
        for (let length = 0; length < body.length; length++) {
          expect(() => api.decodeResponse(version, body.subarray(0, length))).toThrow(MalformedResponseError);
        }
        const longer = Buffer.concat([body, Buffer.alloc(1)]);
        expect(() => api.decodeResponse(version, longer)).toThrow(MalformedResponseError);
      }
    });

    it('does not believe counts at the place where each response has its first ones', () => {
      const outcomes = new Set<string>();
      for (let version = api.minVersion; version <= api.maxVersion; version++) {
        const huge = Buffer.from('ffffffff7fffffff'.repeat(4), 'hex');
        for (let zeros = 0; zeros < 12; zeros++) {
          const bytes = Buffer.concat([Buffer.alloc(zeros), huge]);
          outcomes.add(survive(() => api.decodeResponse(version, bytes), bytes, 0));
        }
      }
      expect(outcomes).toContain('refused');
    });
  },
);

describe('the record batch decoder, given bytes of a hostile broker', () => {
  const types: readonly CompressionType[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
  let codecs: CompressionCodec[];
  beforeAll(async () => {
    codecs = await Promise.all(types.map((type) => loadCompressionCodec(type, null)));
  });

  it('parses or throws MalformedResponseError, also where the checksum is right', () => {
    const random = createRandom();
    const outcomes = new Set<string>();
    for (let round = 0; round < 2 * ROUNDS; round++) {
      const codec = codecs[below(random, codecs.length)] ?? new NoneCodec();
      const bytes = mutate(random, batchOf(random, codec));
      // A wrong checksum ends it early, so most rounds have a right one; their checksum is that of a sender who wants it so.
      if (below(random, 5) > 0 && bytes.length > RECORD_BATCH_HEADER_BYTES) seal(bytes);
      outcomes.add(`${codec.type} ${survive(() => decodeRecordBatches(bytes, codecs), bytes, random.seed)}`);
    }
    expect([...outcomes].sort()).toEqual(types.flatMap((type) => [`${type} parsed`, `${type} refused`]).sort());
  });
});

function batchOf(random: Random, codec: CompressionCodec): Buffer {
  const count = 1 + below(random, 20);
  const record = Buffer.from('1c000000026806' + '76616c0202680278', 'hex');
  const records = codec.compress(Buffer.concat(Array.from({ length: count }, () => record)));
  const batch = Buffer.alloc(RECORD_BATCH_HEADER_BYTES + records.length);
  batch.writeInt8(MAGIC_V2, MAGIC_OFFSET);
  batch.writeInt16BE(codec.id, ATTRIBUTES_OFFSET);
  batch.writeInt32BE(count, RECORDS_COUNT_OFFSET);
  records.copy(batch, RECORD_BATCH_HEADER_BYTES);
  return seal(batch);
}

function seal(batch: Buffer): Buffer {
  batch.writeInt32BE(batch.length - LENGTH_OFFSET - 4, LENGTH_OFFSET);
  batch.writeUInt32BE(crc32c(batch, ATTRIBUTES_OFFSET), CRC_OFFSET);
  return batch;
}
