import type { ConsumerClient, ConsumerMeasure } from '../worker/consumer-job.js';
import { measureConsumer, newGroupId, repeat, withFilledTopics, type ConsumerRun } from './measure-consumer.js';
import type { ConsumerSeries, EmptySubject } from './results.js';

/** A commit after each record takes a round trip to the broker: a part of the records is enough for that. */
const SHARES: Readonly<Record<ConsumerClient, number>> = {
  'server-kafka': 1,
  auto: 1,
  'sync-batch': 1,
  'sync-record': 0.05,
  async: 1,
  manual: 1,
};
const FEWEST_RECORDS = 1000;

const CLIENTS = Object.keys(SHARES) as ConsumerClient[];

/** All consumers read the same topic, each in groups of its own; who gets a share has a topic for that. */
export async function runEmptyHandlers(run: ConsumerRun): Promise<ConsumerSeries<EmptySubject>[]> {
  const clients = CLIENTS.filter((client) => run.options.only.has(client));
  const last = clients.at(-1);
  if (last === undefined) return [];
  const recordsOf = (client: ConsumerClient): number => {
    const { records } = run.options;
    return Math.min(records, Math.max(FEWEST_RECORDS, Math.round(records * SHARES[client])));
  };
  return await withFilledTopics(run, clients.map(recordsOf), async (topicWith) => {
    const measure = ({ client }: EmptySubject): Promise<ConsumerMeasure> => {
      const records = recordsOf(client);
      return measureConsumer(run, {
        kind: 'consume',
        client,
        brokers: run.cluster.bootstrapServers(),
        topic: topicWith(records),
        groupId: newGroupId(),
        records,
      });
    };
    // The broker's own code is compiled while it runs: the first consumer would pay for that.
    run.progress(`warming up the broker with ${last}`);
    await measure({ client: last });
    const subjects = clients.map((client) => ({ client }));
    return repeat(run, subjects, ({ client }) => client, measure);
  });
}
