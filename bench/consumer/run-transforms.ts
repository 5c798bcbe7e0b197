import { assertReadable, withTopic } from '../bench-topic.js';
import type { ConsumerMeasure } from '../worker/consumer-job.js';
import {
  measureConsumer,
  newGroupId,
  PARTITIONS,
  repeat,
  withFilledTopics,
  type ConsumerRun,
} from './measure-consumer.js';
import type { ConsumerSeries, TransformSubject } from './results.js';

const BATCH = 100;
const SUBJECTS: readonly TransformSubject[] = [
  { client: 'ours', messages: 1, parallel: 1 },
  { client: 'server-kafka', messages: 1, parallel: 1 },
  { client: 'ours', messages: BATCH, parallel: 1 },
  { client: 'ours', messages: 1, parallel: PARTITIONS },
  { client: 'ours', messages: BATCH, parallel: PARTITIONS },
];
/** kafkajs ends so few transactions per second that a part of them is enough. */
const KAFKAJS_SHARE = 0.02;
const WARMUP_SHARE = 0.2;
const FEWEST_TRANSACTIONS = 10;

/** Each consumer writes to an empty topic of its own. */
export async function runTransforms(run: ConsumerRun): Promise<ConsumerSeries<TransformSubject>[]> {
  if (!run.options.only.has('transform')) return [];
  const sizeOf = (subject: TransformSubject) => sizeOfTransform(run.options.transactions, subject);
  const counts = SUBJECTS.map((subject) => sizeOf(subject).records);
  return await withFilledTopics(run, counts, async (topicWith) => {
    const measure = (subject: TransformSubject): Promise<ConsumerMeasure> => {
      const { records, warmup } = sizeOf(subject);
      const measureInto = async (outputTopic: string): Promise<ConsumerMeasure> => {
        const measured = await measureConsumer(run, {
          ...subject,
          kind: 'transform',
          brokers: run.cluster.bootstrapServers(),
          topic: topicWith(records),
          outputTopic,
          groupId: newGroupId(),
          records,
          warmup,
        });
        await assertReadable(run.cluster, outputTopic, records);
        return measured;
      };
      return withTopic(run.cluster, measureInto, PARTITIONS);
    };
    run.progress('warming up the broker with transactions');
    await measure({ client: 'ours', messages: 1, parallel: PARTITIONS });
    return repeat(run, SUBJECTS, describe, measure);
  });
}

/** Records in all, and those of them that count for nothing. */
export function sizeOfTransform(
  transactions: number,
  { client, messages }: TransformSubject,
): { readonly records: number; readonly warmup: number } {
  const share = client === 'server-kafka' ? KAFKAJS_SHARE : 1;
  const measured = Math.max(FEWEST_TRANSACTIONS, Math.round(transactions * share));
  const warmup = Math.ceil(measured * WARMUP_SHARE);
  return { records: (measured + warmup) * messages, warmup: warmup * messages };
}

function describe({ client, messages, parallel }: TransformSubject): string {
  return `${client}, transactions of ${messages}, ${parallel} at once:`;
}
