import type { AdminClient } from '../../wire/admin/admin-client.js';
import { BrokerResponseError } from '../../wire/broker-response-error.js';
import type { TopicMetadata } from '../../wire/cluster-metadata.js';
import { ErrorCode } from '../../wire/error-codes.js';
import { CommandError } from './command-error.js';
import { nearNames } from './near-names.js';

/**
 * A topic that has to be there.
 * @throws CommandError naming topics of similar names; BrokerResponseError when the user may not see it
 */
export async function requireTopic(admin: AdminClient, name: string): Promise<TopicMetadata> {
  const [topic] = await requireTopics(admin, [name]);
  if (topic === undefined) throw await unknownTopic(admin, name);
  return topic;
}

/** Several topics that have to be there, in the order of the names; errors as in `requireTopic`. */
export async function requireTopics(admin: AdminClient, names: readonly string[]): Promise<TopicMetadata[]> {
  if (names.length === 0) return [];
  const { topics } = await admin.metadata(names);
  const byName = new Map(topics.map((topic) => [topic.name, topic]));
  const found: TopicMetadata[] = [];
  for (const name of names) {
    const topic = byName.get(name);
    if (topic === undefined || topic.errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) {
      throw await unknownTopic(admin, name);
    }
    if (!isUsable(topic)) throw new BrokerResponseError(topic.errorCode, { api: 'Metadata', topic: name });
    found.push(topic);
  }
  return found;
}

/** The topics that the user may see, those that Kafka keeps for itself too. */
export async function visibleTopics(admin: AdminClient): Promise<TopicMetadata[]> {
  const { topics } = await admin.metadata(null);
  return topics.filter(isUsable).sort((left, right) => (left.name < right.name ? -1 : 1));
}

/** A partition without a leader makes the whole topic tell LEADER_NOT_AVAILABLE on some brokers; what is told of it still counts. */
function isUsable({ errorCode }: TopicMetadata): boolean {
  return errorCode === 0 || errorCode === ErrorCode.LEADER_NOT_AVAILABLE;
}

/** That a topic is not there, with the names that may have been meant. */
export async function unknownTopic(admin: AdminClient, name: string): Promise<CommandError> {
  const near = nearNames(
    name,
    (await visibleTopics(admin)).map((topic) => topic.name),
  );
  const hint = near.length === 0 ? '' : ` Did you mean ${near.join(' or ')}?`;
  return new CommandError(
    `There is no topic '${name}'.${hint} See: nest-kafka topics list. To make it: nest-kafka topics create --topic ${name}`,
    { topic: name },
  );
}
