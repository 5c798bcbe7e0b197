import { inTurn, profileFlags, type BenchRun } from '../bench-run.js';
import { assertCommitted, assertStored, withTopic } from '../bench-topic.js';
import type { BenchOptions, ConsumerBenchOptions } from '../arguments.js';
import { runWorker } from '../run-worker.js';
import type { ConsumerJob, ConsumerMeasure } from '../worker/consumer-job.js';
import type { ConsumerSeries } from './results.js';

export const PARTITIONS = 6;
export const VALUE_BYTES = 100;

export type ConsumerRun = BenchRun<ConsumerBenchOptions>;

let groups = 0;

/** Of a group that has committed nothing yet. */
export function newGroupId(): string {
  return `bench-${process.pid}-${++groups}`;
}

/** Puts so many records into an empty topic. */
export async function fill(
  { cluster, progress }: Pick<ConsumerRun, 'cluster' | 'progress'>,
  topic: string,
  records: number,
  { keys = null, partitions = PARTITIONS }: { readonly keys?: number | null; readonly partitions?: number } = {},
): Promise<void> {
  progress(`writing ${records.toLocaleString('en')} records`);
  const brokers = cluster.bootstrapServers();
  await runWorker({ kind: 'fill', brokers, topic, partitions, records, valueBytes: VALUE_BYTES, keys });
  await assertStored(cluster, topic, records);
}

/**
 * Measures in a process of its own.
 * @param worker of another build; default: of this one
 * @throws Error unless every record was handled once, and is committed
 */
export async function measureConsumer(
  run: BenchRun<BenchOptions>,
  job: ConsumerJob,
  worker?: URL,
): Promise<ConsumerMeasure> {
  const { groupId, records, topic } = job;
  const isOurs = job.kind === 'consume-waiting' || job.client !== 'server-kafka';
  const measured = await runWorker(job, { nodeFlags: isOurs ? profileFlags(run.options) : [], worker });
  const idSum = (records * (records - 1)) / 2;
  if (measured.handled !== records || measured.idSum !== idSum) {
    throw new Error(
      `${measured.handled} records were handled of the ${records} in ${topic} (sum of ids ${measured.idSum}, not ${idSum}): the run is not valid.`,
    );
  }
  await assertCommitted(run.cluster, groupId, topic, records);
  return measured;
}

/** Repetition by repetition, so that what is compared was measured close together. */
export async function repeat<Subject>(
  { options, progress }: ConsumerRun,
  subjects: readonly Subject[],
  describe: (subject: Subject) => string,
  measure: (subject: Subject) => Promise<ConsumerMeasure>,
): Promise<ConsumerSeries<Subject>[]> {
  const all = subjects.map((subject) => ({ subject, measures: [] as ConsumerMeasure[] }));
  for (let repetition = 0; repetition < options.repetitions; repetition++) {
    for (const { measures, subject } of inTurn(all, repetition)) {
      const measured = await measure(subject);
      measures.push(measured);
      const rate = Math.round(measured.records / measured.seconds).toLocaleString('en');
      const cpu = measured.cpuMicrosPerMessage.toFixed(2);
      progress(`repetition ${repetition + 1}: ${describe(subject)} ${rate} messages/s, ${cpu} µs CPU each`);
    }
  }
  return all;
}

/** Lets `work` use a filled topic for each count, by how many records are in it. */
export function withFilledTopics<T>(
  run: ConsumerRun,
  counts: readonly number[],
  work: (topicWith: (records: number) => string) => Promise<T>,
  topics: ReadonlyMap<number, string> = new Map(),
): Promise<T> {
  const count = counts.find((wanted) => !topics.has(wanted));
  if (count === undefined) {
    return work((records) => {
      const topic = topics.get(records);
      if (topic === undefined) throw new RangeError(`No topic was filled with ${records} records.`);
      return topic;
    });
  }
  return withTopic(
    run.cluster,
    async (topic) => {
      await fill(run, topic, count);
      return withFilledTopics(run, counts, work, new Map([...topics, [count, topic]]));
    },
    PARTITIONS,
  );
}
