import { InvalidArgumentError } from 'commander';
import type { AdminClient } from '../../wire/admin/admin-client.js';
import { CommandError } from '../common/command-error.js';
import type { PartitionName } from '../common/partition-offsets.js';
import { requireTopics } from '../common/topics.js';

/** A topic, or some of its partitions. */
export interface TopicScope {
  readonly topic: string;
  /** null for all. */
  readonly partitions: readonly number[] | null;
}

/** Reads `--topic name` and `--topic name:0,1,2`, which may be repeated. */
export function collectScopes(text: string, former: readonly TopicScope[] = []): TopicScope[] {
  const [topic = '', list, ...rest] = text.split(':');
  const partitions = list === undefined ? null : list.split(',').map((part) => part.trim());
  const isNumeric = partitions === null || partitions.every((part) => /^\d{1,9}$/.test(part));
  if (topic.trim() === '' || rest.length > 0 || !isNumeric) {
    throw new InvalidArgumentError('Give a topic, or some of its partitions: orders:0,2.');
  }
  return [...former, { topic: topic.trim(), partitions: partitions?.map(Number) ?? null }];
}

/**
 * The partitions that are meant, by topic and number, each once.
 * @throws CommandError for a topic or a partition that is not there
 */
export async function partitionsOf(admin: AdminClient, scopes: readonly TopicScope[]): Promise<PartitionName[]> {
  const topics = await requireTopics(admin, [...new Set(scopes.map(({ topic }) => topic))]);
  const counts = new Map(topics.map(({ name, partitions }) => [name, partitions.length]));
  const found = new Map<string, PartitionName>();
  for (const { partitions, topic } of scopes) {
    const count = counts.get(topic) ?? 0;
    for (const partition of partitions ?? Array.from({ length: count }, (_, index) => index)) {
      if (partition >= count) {
        throw new CommandError(`There is no partition ${partition} of '${topic}': it has 0 to ${count - 1}.`, {
          topic,
        });
      }
      found.set(`${topic}-${partition}`, { topic, partition });
    }
  }
  return [...found.values()].sort(
    (left, right) => left.topic.localeCompare(right.topic) || left.partition - right.partition,
  );
}
