import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CompressionType } from '../../lib/wire/compression/compression-codec.js';
import { KafkaTestCluster } from '../../lib/testing/index.js';
import { TestEngine } from '../support/test-engine.js';

const CODECS: readonly CompressionType[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const RECORDS = 200;

describe('Kafka 3.9', () => {
  let cluster: KafkaTestCluster;

  beforeAll(async () => {
    cluster = await KafkaTestCluster.start({ kafkaVersion: '3.9.1', bootstrapServers: [] });
  }, 120_000);

  afterAll(() => cluster.stop(), 30_000);

  it.each(CODECS)('stores what an idempotent producer sends with %s, once and in order', async (compression) => {
    const topic = `codec-${compression}`;
    await cluster.createTopic(topic, { partitions: 1 });
    await using engine = await TestEngine.start({ client: cluster.clientConfig(), producer: { compression } });

    const values = Array.from({ length: RECORDS }, (_, index) => `value ${index}`);
    const sent = await Promise.all(values.map((value) => engine.send({ topic, value })));

    const stored = await cluster.readTopic(topic);
    expect(stored.map(({ value }) => value?.toString())).toEqual(values);
    expect(sent.map(({ offset }) => offset)).toEqual(values.map((_, index) => String(index)));
    expect(stored.every(({ producerId }) => BigInt(producerId) >= 0n)).toBe(true);
  });
});
