import type { CommandContext } from '../common/command-context.js';
import type { ConnectionOptions } from '../common/connection-options.js';
import { selectTopics, type TopicSelection } from './select-topics.js';

export interface ListTopicsOptions extends ConnectionOptions, TopicSelection {
  readonly json?: boolean;
}

/** Topics by name: a table on a terminal; in a pipe one name a line, as kafka-topics has it. */
export async function listTopics(context: CommandContext, options: ListTopicsOptions): Promise<void> {
  const { output } = context;
  const topics = (await selectTopics(context.admin(options), { ...options, ifExists: true })).map((topic) => ({
    topic: topic.name,
    partitions: topic.partitions.length,
    replicationFactor: topic.partitions[0]?.replicas.length ?? 0,
    internal: topic.isInternal,
  }));
  if (options.json === true) return output.json(topics);
  if (!output.isTerminal) {
    for (const { topic } of topics) await output.line(topic);
    return;
  }
  await output.table(
    [
      { title: 'Topic' },
      { title: 'Partitions', align: 'right' },
      { title: 'Replicas', align: 'right' },
      { title: 'Internal' },
    ],
    topics.map(({ internal, partitions, replicationFactor, topic }) => [
      topic,
      partitions,
      replicationFactor,
      internal ? 'yes' : null,
    ]),
  );
}
