import { beforeAll, describe, expect, it } from '@jest/globals';
import type { KafkaMessage } from 'kafkajs';
import type { ProducerRecord } from '../../lib/producer/record.js';
import type { CompressionType } from '../../lib/wire/compression/compression-codec.js';
import { loadCompressionCodec } from '../../lib/wire/compression/load-compression-codec.js';
import { CompressionCodecs, CompressionTypes } from '../../lib/wire/kafkajs.js';
import { sharedCluster, uniqueGroup, uniqueTopic, waitFor } from '../support/broker.js';
import { runJavaTool, TOOL_LIMIT_MS } from '../support/java-tool.js';
import { TestEngine } from '../support/test-engine.js';

const CODECS: readonly CompressionType[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const KAFKAJS_CODECS = {
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
} as const;
const RECORDS = 500;
const PREFIX = uniqueTopic('codec');
const TOPICS = CODECS.map((codec) => `${PREFIX}-${codec}`);
const LIMIT_MS = 60_000;

/** Long ones and empty ones, keyed and not, with and without headers; texts that survive a console. */
function recordsFor(topic: string): ProducerRecord<string | null, string>[] {
  return Array.from({ length: RECORDS }, (_, n) => ({
    topic,
    key: n % 3 === 0 ? null : `schlüssel-${n}`,
    value: n % 7 === 0 ? '' : `${topic} 값 ${n} ${'ab '.repeat((n * 13) % 300)}.`,
    timestamp: 1_700_000_000_000 + n,
    ...(n % 2 === 0 ? {} : { headers: { trace: `t${n}` } }),
  }));
}

describe('batches of every codec', () => {
  beforeAll(async () => {
    const cluster = sharedCluster();
    for (const [index, compression] of CODECS.entries()) {
      const topic = TOPICS[index] ?? '';
      await cluster.createTopic(topic);
      await using engine = await TestEngine.start({ client: cluster.clientConfig(), producer: { compression } });
      await Promise.all(recordsFor(topic).map((record) => engine.send(record)));
    }
  }, LIMIT_MS);

  it(
    'are read by kafkajs as they were sent',
    async () => {
      for (const [type, id] of Object.entries(KAFKAJS_CODECS)) {
        const codec = await loadCompressionCodec(type as keyof typeof KAFKAJS_CODECS, null);
        CompressionCodecs[id] = () => ({
          compress: () => Promise.reject(new Error('only read here')),
          decompress: (bytes: Buffer) => Promise.resolve(codec.decompress(bytes)),
        });
      }
      const messages = new Map<string, KafkaMessage[]>(TOPICS.map((topic) => [topic, []]));
      const consumer = sharedCluster()
        .kafkaJs()
        .consumer({ groupId: uniqueGroup('codec') });
      await consumer.connect();
      try {
        await consumer.subscribe({ topics: [...TOPICS], fromBeginning: true });
        await consumer.run({
          eachBatch: async ({ batch }) => {
            messages.get(batch.topic)?.push(...batch.messages);
          },
        });
        const counts = (): number[] => [...messages.values()].map(({ length }) => length);
        const isComplete = (): boolean => counts().every((count) => count >= RECORDS);
        await waitFor(isComplete, { what: 'all messages', limitMs: 30_000 }).catch(() => undefined);
        expect(counts()).toEqual(CODECS.map(() => RECORDS));
      } finally {
        await consumer.disconnect();
      }
      for (const [topic, read] of messages) {
        const seen = read.map(({ key, value, timestamp, headers }) => ({
          key: key?.toString() ?? null,
          value: value?.toString(),
          timestamp: Number(timestamp),
          header: headers?.['trace']?.toString(),
        }));
        const expected = recordsFor(topic).map(({ key, value, timestamp }, n) => {
          return { key, value, timestamp, header: n % 2 === 0 ? undefined : `t${n}` };
        });
        expect(seen).toEqual(expected);
      }
    },
    LIMIT_MS,
  );

  it(
    'are read by Kafka’s console consumer as they were sent',
    async () => {
      const { exitCode, stdout, stderr } = await runJavaTool(
        'org.apache.kafka.tools.consumer.ConsoleConsumer',
        {
          include: `${PREFIX}-(${CODECS.join('|')})`,
          'max-messages': RECORDS * CODECS.length,
          'timeout-ms': TOOL_LIMIT_MS,
          'formatter-property': ['print.key=true', 'print.timestamp=true', 'print.headers=true', 'print.value=true'],
        },
        { flags: ['from-beginning'] },
      );
      // Its own words tell why, when it has read less.
      if (!stderr.includes('Processed a total of 2500')) process.stderr.write(stderr);
      expect([exitCode, /Processed a total of \d+/.exec(stderr)?.[0]]).toEqual([0, 'Processed a total of 2500']);
      const expected = TOPICS.flatMap((topic) =>
        recordsFor(topic).map(({ key, value, timestamp }, n) => {
          const headers = n % 2 === 0 ? 'NO_HEADERS' : `trace:t${n}`;
          return [`CreateTime:${Number(timestamp)}`, headers, key ?? 'null', value].join('\t');
        }),
      );
      expect(stdout.split('\n').filter(Boolean).toSorted()).toEqual(expected.toSorted());
    },
    TOOL_LIMIT_MS + LIMIT_MS,
  );
});
