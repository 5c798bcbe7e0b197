import type { AdminClient } from '../../wire/admin/admin-client.js';
import type { TopicMetadata } from '../../wire/cluster-metadata.js';
import { CommandError } from '../common/command-error.js';
import { requireTopic, visibleTopics } from '../common/topics.js';
import { UsageError } from '../common/usage-error.js';

export interface TopicSelection {
  /** A name, or as in kafka-topics a regular expression for the whole name; commas part several. Default: all. */
  readonly topic?: string;
  readonly excludeInternal?: boolean;
  /** Nothing found is no error. */
  readonly ifExists?: boolean;
}

const PLAIN_NAME = /^[\w.-]{1,249}$/;

/**
 * The topics that are meant, by name.
 * @throws CommandError when a topic is asked for and none is found; UsageError for a malformed expression
 */
export async function selectTopics(
  admin: AdminClient,
  { topic, excludeInternal, ifExists }: TopicSelection,
): Promise<TopicMetadata[]> {
  const wanted = topic === undefined ? null : expression(topic);
  const visible = await visibleTopics(admin);
  const found = visible
    .filter(({ isInternal }) => excludeInternal !== true || !isInternal)
    .filter(({ name }) => wanted === null || wanted.test(name));
  if (found.length > 0 || topic === undefined || ifExists === true) return found;
  if (PLAIN_NAME.test(topic)) return [await requireTopic(admin, topic)];
  throw new CommandError(
    `No topic matches '${topic}'. See: nest-kafka topics list. With --if-exists that is no error.`,
  );
}

function expression(text: string): RegExp {
  try {
    return new RegExp(`^(?:${text.replaceAll(/\s*,\s*/g, '|')})$`);
  } catch (cause) {
    throw new UsageError(`--topic is '${text}', which is no regular expression: ${String(cause)}`, { cause });
  }
}
