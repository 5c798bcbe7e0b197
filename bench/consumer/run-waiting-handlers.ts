import { withTopic } from '../bench-topic.js';
import { fill, measureConsumer, newGroupId, repeat, type ConsumerRun } from './measure-consumer.js';
import type { ConsumerSeries, WaitingSubject } from './results.js';

export const KEYS = 200;
export const WAIT_MS = 5;
const SUBJECTS: readonly WaitingSubject[] = [{ keysAtOnce: null }, { keysAtOnce: 32 }];

/** One partition, so that keys are all that can run side by side. */
export async function runWaitingHandlers(run: ConsumerRun): Promise<ConsumerSeries<WaitingSubject>[]> {
  if (!run.options.only.has('keys')) return [];
  const records = run.options.waitingRecords;
  const measureIn = async (topic: string): Promise<ConsumerSeries<WaitingSubject>[]> => {
    await fill(run, topic, records, { keys: KEYS, partitions: 1 });
    return repeat(run, SUBJECTS, describe, ({ keysAtOnce }) =>
      measureConsumer(run, {
        kind: 'consume-waiting',
        brokers: run.cluster.bootstrapServers(),
        topic,
        groupId: newGroupId(),
        records,
        keys: KEYS,
        keysAtOnce,
        waitMs: WAIT_MS,
      }),
    );
  };
  return await withTopic(run.cluster, measureIn, 1);
}

export function describe({ keysAtOnce }: WaitingSubject): string {
  return keysAtOnce === null ? 'sequential' : `${keysAtOnce} keys at once`;
}
