import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BrokerConnection } from '../../lib/wire/broker-connection.js';
import type { CompressionCodec, CompressionType } from '../../lib/wire/compression/compression-codec.js';
import { loadCompressionCodec } from '../../lib/wire/compression/load-compression-codec.js';
import { NoneCodec } from '../../lib/wire/compression/none-codec.js';
import { produceApi } from '../../lib/wire/protocol/produce.js';
import { decodeRecordBatches, type DecodedBatch } from '../../lib/wire/record-batch-decoder.js';
import { sharedCluster } from '../support/broker.js';
import { createRandom } from '../support/random.js';
import { buildBatch } from './build-batch.js';
import { createReadyTopic } from './create-ready-topic.js';
import { fetchApi } from './fetch-api.js';
import { openConnection, REQUEST_TIMEOUT_MS } from './open-connection.js';
import { compressibleText } from './random-data.js';

const PRODUCE_VERSION = 9;
const RECORDS = 300;
const COMPRESSING: readonly CompressionType[] = ['gzip', 'snappy', 'lz4', 'zstd'];
const ALL: readonly CompressionType[] = ['none', ...COMPRESSING];

describe('record batches, against a real broker', () => {
  let opened: Awaited<ReturnType<typeof openConnection>>;
  let connection: BrokerConnection;
  let codecs: CompressionCodec[];
  const random = createRandom();
  const values = Array.from({ length: RECORDS }, (_, index) => compressibleText(random, 1 + ((index * 37) % 2_000)));

  beforeAll(async () => {
    opened = await openConnection(sharedCluster().bootstrapServers()[0] ?? '');
    connection = opened.connection;
    codecs = await Promise.all(ALL.map((type) => loadCompressionCodec(type, null)));
  });
  afterAll(() => opened[Symbol.dispose]());

  async function store(topic: string, codec: CompressionCodec, timestamp: number): Promise<void> {
    const records = buildBatch(values, codec, timestamp);
    const request = {
      transactionalId: null,
      acks: -1,
      timeoutMs: REQUEST_TIMEOUT_MS,
      topics: [{ name: topic, partitions: [{ index: 0, records }] }],
    };
    const { topics } = await connection.send(produceApi, request, REQUEST_TIMEOUT_MS, PRODUCE_VERSION);
    expect(topics[0]?.partitions[0]?.errorCode).toBe(0);
  }

  async function stored(topic: string): Promise<DecodedBatch[]> {
    const request = { topic, partition: 0, offset: 0n, maxWaitMs: 500 };
    const response = await connection.send(fetchApi, request, REQUEST_TIMEOUT_MS, 4);
    expect(response).toMatchObject({ errorCode: 0, highWatermark: BigInt(RECORDS) });
    return decodeRecordBatches(response.records, codecs);
  }

  function expectAllValues(batches: readonly DecodedBatch[]): void {
    const records = batches.flatMap((batch) => batch.records);
    expect(records.map(({ offset }) => offset)).toEqual(values.map((_, index) => BigInt(index)));
    expect(records.every(({ value }, index) => value?.equals(values[index] ?? Buffer.alloc(0)))).toBe(true);
  }

  it.each(ALL)('compressed by us with %s come back as they were sent', async (type) => {
    const topic = await createReadyTopic(connection);
    await store(topic, await loadCompressionCodec(type, null), Date.now());
    const batches = await stored(topic);
    expect(batches.map(({ compression }) => compression)).toEqual([type]);
    expectAllValues(batches);
  });

  it.each(COMPRESSING)('compressed by us with %s are read by the broker itself', async (type) => {
    const topic = await createReadyTopic(connection, 1, { 'compression.type': 'uncompressed' });
    await store(topic, await loadCompressionCodec(type, null), Date.now());
    const batches = await stored(topic);
    expect(new Set(batches.map(({ compression }) => compression))).toEqual(new Set(['none']));
    expectAllValues(batches);
  });

  it.each(COMPRESSING)('compressed by the broker with %s are read by us', async (type) => {
    const topic = await createReadyTopic(connection, 1, { 'compression.type': type });
    await store(topic, new NoneCodec(), Date.now());
    const batches = await stored(topic);
    expect(new Set(batches.map(({ compression }) => compression))).toEqual(new Set([type]));
    expectAllValues(batches);
  });

  it('carry the broker’s time where the topic wants it so', async () => {
    const topic = await createReadyTopic(connection, 1, { 'message.timestamp.type': 'LogAppendTime' });
    const long = Date.now() - 3_600_000;
    await store(topic, await loadCompressionCodec('lz4', null), long);
    const [batch] = await stored(topic);
    expect(batch?.timestampType).toBe('LogAppendTime');
    expect(batch?.records[0]?.timestamp).toBeGreaterThan(long + RECORDS);
    expect(batch?.records[0]?.timestamp).toBe(batch?.maxTimestamp);
  });
});
