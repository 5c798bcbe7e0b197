import type { AdminClient } from '../../wire/admin/admin-client.js';
import type { CommandContext } from '../common/command-context.js';
import type { ConnectionOptions } from '../common/connection-options.js';
import { describeRefusal, isRefusal } from '../common/missing-rights.js';
import type { Output } from '../common/output.js';
import { UsageError } from '../common/usage-error.js';
import { selectTopics, type TopicSelection } from './select-topics.js';
import { readTopicConfigs, type TopicConfigs } from './topic-configs.js';
import { describeTopic, type DescribedTopic, type PartitionFlag } from './topic-description.js';

export interface DescribeTopicsOptions extends ConnectionOptions, TopicSelection {
  readonly underReplicatedPartitions?: boolean;
  readonly unavailablePartitions?: boolean;
  readonly underMinIsrPartitions?: boolean;
  readonly atMinIsrPartitions?: boolean;
  readonly topicsWithOverrides?: boolean;
  readonly json?: boolean;
}

/** Topics with their settings, and partitions with leaders, replicas and what is wrong with them. */
export async function describeTopics(context: CommandContext, options: DescribeTopicsOptions): Promise<void> {
  const { output } = context;
  const flags = wantedFlags(options);
  if (flags.length > 0 && options.topicsWithOverrides === true) {
    throw new UsageError('--topics-with-overrides is about topics, the other filters about partitions: give one kind.');
  }
  const admin = context.admin(options);
  const topics = await selectTopics(admin, options);
  const isNeeded = options.topicsWithOverrides === true || flags.some((flag) => flag.endsWith('isr'));
  const names = topics.map(({ name }) => name);
  const configs = await readConfigs(context, admin, names, isNeeded);
  const described = topics
    .map((topic) => describeTopic(topic, configs.get(topic.name)))
    .map((topic) => filtered(topic, flags))
    .filter((topic) => flags.length === 0 || topic.partitions.length > 0)
    .filter(({ configs: own }) => options.topicsWithOverrides !== true || Object.keys(own).length > 0);
  if (options.json === true) return output.json(described);
  if (flags.length === 0) await showTopics(output, described);
  if (flags.length === 0 && options.topicsWithOverrides !== true) await output.line('');
  if (options.topicsWithOverrides !== true) await showPartitions(output, described);
  if (flags.length === 0) warnOfRisks(output, described);
}

function wantedFlags(options: DescribeTopicsOptions): PartitionFlag[] {
  const flags: PartitionFlag[] = [];
  if (options.unavailablePartitions === true) flags.push('unavailable');
  if (options.underReplicatedPartitions === true) flags.push('under-replicated');
  if (options.underMinIsrPartitions === true) flags.push('under-min-isr');
  if (options.atMinIsrPartitions === true) flags.push('at-min-isr');
  return flags;
}

/** Whoever may see the partitions and not the settings is told the partitions. */
async function readConfigs(
  { failureContext, output }: CommandContext,
  admin: AdminClient,
  names: readonly string[],
  isNeeded: boolean,
): Promise<ReadonlyMap<string, TopicConfigs>> {
  try {
    return await readTopicConfigs(admin, names);
  } catch (error) {
    if (!isRefusal(error) || isNeeded) throw error;
    output.warn(`Settings are not shown. ${describeRefusal(error, failureContext)}`);
    return new Map();
  }
}

function filtered(topic: DescribedTopic, flags: readonly PartitionFlag[]): DescribedTopic {
  if (flags.length === 0) return topic;
  const partitions = topic.partitions.filter((partition) => partition.flags.some((flag) => flags.includes(flag)));
  return { ...topic, partitions };
}

function showTopics(output: Output, topics: readonly DescribedTopic[]): Promise<void> {
  return output.table(
    [
      { title: 'Topic' },
      { title: 'Partitions', align: 'right' },
      { title: 'Replicas', align: 'right' },
      { title: 'MinISR', align: 'right' },
      { title: 'Configs' },
    ],
    topics.map(({ configs, minInsyncReplicas, partitionCount, replicationFactor, topic }) => [
      topic,
      partitionCount,
      replicationFactor,
      minInsyncReplicas,
      Object.entries(configs)
        .map(([name, value]) => `${name}=${value}`)
        .join(','),
    ]),
  );
}

function showPartitions(output: Output, topics: readonly DescribedTopic[]): Promise<void> {
  return output.table(
    [
      { title: 'Topic' },
      { title: 'Partition', align: 'right' },
      { title: 'Leader', align: 'right' },
      { title: 'Replicas' },
      { title: 'ISR' },
      { title: 'Offline' },
      { title: 'Flags' },
    ],
    topics.flatMap(({ partitions, topic }) =>
      partitions.map(({ flags, isr, leader, offlineReplicas, partition, replicas }) => [
        topic,
        partition,
        leader,
        replicas.join(','),
        isr.join(','),
        offlineReplicas.join(','),
        flags.join(','),
      ]),
    ),
  );
}

/** One line for each kind of risk, however many topics run it. Kafka's own topics follow the settings of the brokers. */
function warnOfRisks(output: Output, topics: readonly DescribedTopic[]): void {
  const byWarning = new Map<string, string[]>();
  for (const { internal, topic, warnings } of topics) {
    if (internal) continue;
    for (const warning of warnings) byWarning.set(warning, [...(byWarning.get(warning) ?? []), topic]);
  }
  for (const [warning, names] of byWarning) {
    const where = names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
    output.warn(`${where}: ${warning}; the failure of one broker can lose what was acknowledged, or stop writers.`);
  }
}
