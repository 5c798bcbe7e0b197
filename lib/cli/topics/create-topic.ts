import { ErrorCode } from '../../wire/error-codes.js';
import { createTopicsApi, type CreatableTopic, type ReplicaAssignment } from '../../wire/protocol/create-topics.js';
import { CommandError } from '../common/command-error.js';
import type { CommandContext } from '../common/command-context.js';
import type { ConnectionOptions } from '../common/connection-options.js';
import { controllerCode, throwFailures } from '../common/named-failures.js';
import { UsageError } from '../common/usage-error.js';
import { isServed, settled } from './settled-topics.js';
import { REQUEST_LIMIT_MS, topicSettings } from './topic-settings.js';

export interface CreateTopicOptions extends ConnectionOptions {
  readonly topic: string;
  readonly partitions?: number;
  readonly replicationFactor?: number;
  readonly replicaAssignment?: readonly ReplicaAssignment[];
  readonly ifNotExists?: boolean;
  readonly json?: boolean;
}

/** Makes a topic, and waits until every broker knows its leaders. */
export async function createTopic(context: CommandContext, options: CreateTopicOptions): Promise<void> {
  const { output } = context;
  const { topic: name } = options;
  const wanted = creatable(options);
  const admin = context.admin(options);
  const { topics } = await admin.toController({
    api: createTopicsApi,
    request: { topics: [wanted], timeoutMs: REQUEST_LIMIT_MS, validateOnly: false },
    errorCode: (response) => controllerCode(response.topics),
  });
  const exists = topics.some(({ errorCode }) => errorCode === ErrorCode.TOPIC_ALREADY_EXISTS);
  if (exists && options.ifNotExists !== true) {
    throw new CommandError(`There is a topic '${name}' already. With --if-not-exists that is no error.`, {
      topic: name,
    });
  }
  if (!exists) throwFailures(topics, createTopicsApi.name, 'topic', output);
  if (!(await settled(admin, [name], isServed(1)))) {
    output.warn(`Not every broker knows the topic '${name}' yet, or a partition has no leader.`);
  }
  const { topics: told } = await admin.metadata([name]);
  const [made] = told;
  // Who may create a topic need not be allowed to describe it.
  const isShown = made?.errorCode === 0;
  const partitions = isShown ? made.partitions.length : null;
  const replicationFactor = isShown ? (made.partitions[0]?.replicas.length ?? 0) : null;
  if (options.json === true) return output.json({ topic: name, created: !exists, partitions, replicationFactor });
  const counts = isShown ? ` (partitions ${partitions}, replication factor ${replicationFactor})` : '';
  await output.line(`${exists ? 'Topic exists already' : 'Created topic'}: ${name}${counts}`);
}

/** The request's form of what the options say. */
function creatable(options: CreateTopicOptions): CreatableTopic {
  const { partitions, replicaAssignment, replicationFactor, topic } = options;
  if (replicaAssignment !== undefined && (partitions !== undefined || replicationFactor !== undefined)) {
    throw new UsageError('--replica-assignment says how many partitions and replicas there are: leave out the others.');
  }
  return {
    name: topic,
    partitions: partitions ?? -1,
    replicationFactor: replicationFactor ?? -1,
    assignments: replicaAssignment ?? [],
    configs: Object.entries(topicSettings(options.config)).map(([name, value]) => ({ name, value })),
  };
}
