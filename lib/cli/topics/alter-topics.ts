import type { AdminClient } from '../../wire/admin/admin-client.js';
import { createPartitionsApi } from '../../wire/protocol/create-partitions.js';
import { ConfigResourceType } from '../../wire/protocol/describe-configs.js';
import { AlterConfigOperation, incrementalAlterConfigsApi } from '../../wire/protocol/incremental-alter-configs.js';
import type { CommandContext } from '../common/command-context.js';
import type { ConnectionOptions } from '../common/connection-options.js';
import { controllerCode, throwFailures } from '../common/named-failures.js';
import { UsageError } from '../common/usage-error.js';
import { selectTopics } from './select-topics.js';
import { isServed, settled } from './settled-topics.js';
import { readTopicConfigs } from './topic-configs.js';
import { REQUEST_LIMIT_MS, topicSettings } from './topic-settings.js';

export interface AlterTopicsOptions extends ConnectionOptions {
  readonly topic: string;
  readonly partitions?: number;
  readonly deleteConfig?: readonly string[];
  readonly ifExists?: boolean;
  readonly json?: boolean;
}

/** What is to change. */
interface Changes {
  readonly partitions: number | null;
  readonly set: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
}

/** Adds partitions, and changes single settings; those that are not named stay as they are. */
export async function alterTopics(context: CommandContext, options: AlterTopicsOptions): Promise<void> {
  const { output } = context;
  const changes = changesOf(options);
  const admin = context.admin(options);
  const topics = await selectTopics(admin, options);
  const names = topics.map(({ name }) => name);
  if (names.length === 0) {
    output.note(`No topic matches '${options.topic}': nothing to do.`);
    return options.json === true ? output.json([]) : undefined;
  }
  if (changes.partitions !== null) await addPartitions(context, admin, names, changes.partitions);
  if (Object.keys(changes.set).length + changes.remove.length > 0) await changeConfigs(context, admin, names, changes);
  if (options.json !== true) return output.line(`Altered: ${names.join(', ')}`);
  const configs = await readTopicConfigs(admin, names);
  const { topics: now } = await admin.metadata(names);
  await output.json(
    now.map(({ name, partitions }) => ({
      topic: name,
      partitions: partitions.length,
      configs: configs.get(name)?.overrides ?? {},
    })),
  );
}

function changesOf(options: AlterTopicsOptions): Changes {
  const set = topicSettings(options.config);
  const remove = options.deleteConfig ?? [];
  const both = remove.filter((name) => Object.hasOwn(set, name));
  if (both.length > 0) throw new UsageError(`--config and --delete-config both name ${both.join(', ')}.`);
  if (options.partitions === undefined && Object.keys(set).length === 0 && remove.length === 0) {
    throw new UsageError('Nothing to alter: give --partitions, --config name=value or --delete-config name.');
  }
  return { partitions: options.partitions ?? null, set, remove };
}

async function addPartitions(
  { output }: CommandContext,
  admin: AdminClient,
  names: readonly string[],
  count: number,
): Promise<void> {
  output.warn(
    'With more partitions the records of a key may go to another partition than before: their order is lost between old and new ones.',
  );
  const response = await admin.toController({
    api: createPartitionsApi,
    request: {
      topics: names.map((name) => ({ name, count, assignments: null })),
      timeoutMs: REQUEST_LIMIT_MS,
      validateOnly: false,
    },
    errorCode: ({ results }) => controllerCode(results),
  });
  throwFailures(response.results, createPartitionsApi.name, 'topic', output);
  if (!(await settled(admin, names, isServed(count)))) {
    output.warn('Not every broker knows the new partitions yet, or one of them has no leader.');
  }
}

async function changeConfigs(
  { output }: CommandContext,
  admin: AdminClient,
  names: readonly string[],
  { remove, set }: Changes,
): Promise<void> {
  const configs = [
    ...Object.entries(set).map(([name, value]) => ({ name, operation: AlterConfigOperation.SET, value })),
    ...remove.map((name) => ({ name, operation: AlterConfigOperation.DELETE, value: null })),
  ];
  const response = await admin.toController({
    api: incrementalAlterConfigsApi,
    request: {
      resources: names.map((name) => ({ type: ConfigResourceType.TOPIC, name, configs })),
      validateOnly: false,
    },
    errorCode: ({ results }) => controllerCode(results),
  });
  throwFailures(response.results, incrementalAlterConfigsApi.name, 'topic', output);
}
