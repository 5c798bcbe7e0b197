import { describe, expect, it } from '@jest/globals';
import { sharedCluster, uniqueTopic } from '../support/broker.js';
import { runJavaTool } from '../support/java-tool.js';
import { TestEngine } from '../support/test-engine.js';
import { writeByKafkaJs } from './clients.js';

const LIMIT_MS = 120_000;
const PARTITIONS = 7;
/** Such as a line of a console can carry. */
const KEYS = [
  '',
  ' ',
  'a',
  'ä',
  '値段',
  '🔑',
  '🔑'.repeat(50),
  'x'.repeat(10_000),
  ...Array.from({ length: 1_000 }, (_, n) => `key-${n * n}`),
  ...Array.from({ length: 1_000 }, (_, n) => `${String.fromCodePoint(0x4e00 + n)}${n}`),
];

async function newTopic(name: string): Promise<string> {
  const topic = uniqueTopic(name);
  await sharedCluster().createTopic(topic, { partitions: PARTITIONS });
  return topic;
}

/** The partitions in which each key is found. */
async function partitionsByKey(topic: string): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>(KEYS.map((key) => [key, []]));
  for (const { key, partition } of await sharedCluster().readTopic(topic)) {
    found.get(String(key))?.push(partition);
  }
  return found;
}

/** Records as lines for Kafka's console producer: headers, key and value. */
function consoleLines(): string {
  return KEYS.map((key, n) => `n:${n},null:NULL\t${key}\tvalue ${n}`).join('\n');
}

describe('keys', () => {
  it(
    'go to the same partitions by this library, kafkajs and Kafka’s console producer, which can tell their number',
    async () => {
      const [ours = '', kafkaJs = '', java = ''] = await Promise.all(['ours', 'kafkajs', 'java'].map(newTopic));
      await using engine = await TestEngine.start({ client: sharedCluster().clientConfig() });
      const [written] = await Promise.all([
        runJavaTool(
          'org.apache.kafka.tools.ConsoleProducer',
          {
            topic: java,
            'reader-property': ['parse.key=true', 'parse.headers=true', 'null.marker=NULL'],
            // Its own default of 1.5 s is short for a machine with much to do.
            'request-timeout-ms': 30_000,
          },
          { input: consoleLines() },
        ),
        Promise.all(KEYS.map((key) => engine.send({ topic: ours, key, value: key }))),
        writeByKafkaJs(
          kafkaJs,
          'none',
          KEYS.map((key) => ({ key: Buffer.from(key), value: null, headers: [], timestamp: Date.now() })),
        ),
      ]);
      expect(written).toMatchObject({ exitCode: 0, stderr: '' });

      const byUs = await partitionsByKey(ours);
      expect(new Set([...byUs.values()].flat()).size).toBe(PARTITIONS);
      for (const [key, partitions] of byUs) expect([key, partitions.length]).toEqual([key, 1]);
      expect(await partitionsByKey(kafkaJs)).toEqual(byUs);
      expect(await partitionsByKey(java)).toEqual(byUs);

      const [first] = (await sharedCluster().readTopic(java)).filter(({ key }) => key?.length === 0);
      expect(first?.value?.toString()).toBe('value 0');
      expect(first?.headers).toEqual([
        { key: 'n', value: Buffer.from('0') },
        { key: 'null', value: null },
      ]);

      const counts = Array.from({ length: PARTITIONS }, (_, partition) => {
        return [...byUs.values()].flat().filter((found) => found === partition).length;
      });
      const shell = await runJavaTool('org.apache.kafka.tools.GetOffsetShell', { topic: ours });
      expect(shell.stdout.trim().split('\n')).toEqual(
        counts.map((count, partition) => `${ours}:${partition}:${count}`),
      );
      expect(await engine.partitionsFor(ours)).toHaveLength(PARTITIONS);
    },
    LIMIT_MS,
  );
});
