import { Readable } from 'node:stream';
import type { KafkaClusterView } from '../../lib/testing/index.js';
import { cli, type CliResult } from './cli.js';

/** How a `nest-kafka produce` went that was given so many lines as fast as it takes them. */
export interface EndlessInputOutcome {
  readonly result: Pick<CliResult, 'exitCode' | 'stderr'>;
  /** Lines that told where a record is stored. */
  readonly printed: number;
  /** The most lines that were read, and not yet stored, at one time. */
  readonly ahead: number;
  /** By the ends of the partitions: records of an idempotent producer leave no holes. */
  readonly stored: number;
}

const LINES_PER_CHUNK = 1_000;

/** Feeds lines, and watches how far the reading is ahead of what is stored. */
export async function produceLines(
  cluster: KafkaClusterView,
  topic: string,
  count: number,
): Promise<EndlessInputOutcome> {
  let [read, printed, ahead] = [0, 0, 0];
  function* chunks(): Generator<Buffer> {
    for (; read < count; read += LINES_PER_CHUNK) {
      ahead = Math.max(ahead, read - printed);
      yield Buffer.from(Array.from({ length: LINES_PER_CHUNK }, (_, index) => `${read + index}\n`).join(''));
    }
  }
  const { exitCode, stderr } = await cli(['produce', '--topic', topic], {
    env: { KAFKA_BROKERS: cluster.bootstrapServers().join(',') },
    input: Readable.from(chunks(), { highWaterMark: 1 }),
    onStdout: (chunk) => {
      printed += chunk.match(/\n/g)?.length ?? 0;
    },
  });
  return { result: { exitCode, stderr }, printed, ahead, stored: await endOf(cluster, topic) };
}

async function endOf(cluster: KafkaClusterView, topic: string): Promise<number> {
  const admin = cluster.kafkaJs().admin();
  await admin.connect();
  try {
    const ends = await admin.fetchTopicOffsets(topic);
    return ends.reduce((sum, { high }) => sum + Number(high), 0);
  } finally {
    await admin.disconnect();
  }
}
