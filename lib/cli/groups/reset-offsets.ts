import type { AdminClient } from '../../wire/admin/admin-client.js';
import { BrokerResponseError } from '../../wire/broker-response-error.js';
import { ErrorCode } from '../../wire/error-codes.js';
import { groupByTopic } from '../../wire/group-by-topic.js';
import { offsetCommitApi } from '../../wire/protocol/offset-commit.js';
import { CommandError } from '../common/command-error.js';
import type { CommandContext } from '../common/command-context.js';
import type { ConnectionOptions } from '../common/connection-options.js';
import { partitionOffsets, type PartitionName } from '../common/partition-offsets.js';
import type { Output } from '../common/output.js';
import { visibleTopics } from '../common/topics.js';
import { UsageError } from '../common/usage-error.js';
import { committedOffsets, describeGroup, worstCode, type CommittedOffset } from './group-requests.js';
import { planReset, type PartitionState, type PlannedOffset } from './reset-plan.js';
import { resetTarget, type ResetTarget, type ResetTargetOptions } from './reset-target.js';
import { requireGroups, selectGroups, unknownGroup, type GroupSelection } from './select-groups.js';
import { partitionsOf, type TopicScope } from './topic-scope.js';

export interface ResetOffsetsOptions extends ConnectionOptions, GroupSelection, ResetTargetOptions {
  readonly topic?: readonly TopicScope[];
  readonly allTopics?: boolean;
  readonly dryRun?: boolean;
  readonly execute?: boolean;
  readonly json?: boolean;
}

interface GroupPlan {
  readonly group: string;
  readonly offsets: readonly PlannedOffset[];
}

/** States in which nobody commits. */
const INACTIVE: ReadonlySet<string> = new Set(['Empty', 'Dead']);

/** Shows where groups would go on; with `--execute` they do. */
export async function resetOffsets(context: CommandContext, options: ResetOffsetsOptions): Promise<void> {
  const target = resetTarget(options, Date.now());
  checkOptions(options);
  const { output } = context;
  const admin = context.admin(options);
  const plans: GroupPlan[] = [];
  for (const group of await selectGroups(admin, options)) {
    context.about({ group });
    plans.push({ group, offsets: await planFor(context, admin, group, target, options) });
  }
  const isExecuted = options.execute === true;
  if (isExecuted) for (const plan of plans) await execute(context, admin, plan);
  await show(context, plans, isExecuted, options.json === true);
  if (!isExecuted) output.note('Nothing was changed: this is what --execute would do.');
}

function checkOptions(options: ResetOffsetsOptions): void {
  requireGroups(options);
  if (options.execute === true && options.dryRun === true)
    throw new UsageError('Give --execute or --dry-run, not both.');
  if (options.topic !== undefined && options.allTopics === true) {
    throw new UsageError('Give --topic or --all-topics, not both.');
  }
  if (options.topic === undefined && options.allTopics !== true) {
    throw new UsageError('Name topics with --topic name or --topic name:0,1, or give --all-topics.');
  }
}

async function planFor(
  { output }: CommandContext,
  admin: AdminClient,
  group: string,
  target: ResetTarget,
  { topic: scopes }: ResetOffsetsOptions,
): Promise<PlannedOffset[]> {
  const description = await describeGroup(admin, group);
  if (description !== null && !INACTIVE.has(description.state)) {
    throw new CommandError(
      `The group '${group}' is active (${description.state}, members: ${description.members.length}). Stop its members first.`,
    );
  }
  if (description === null && scopes === undefined) throw await unknownGroup(admin, group);
  if (description === null) output.warn(`There is no group '${group}' yet: it begins with these offsets.`);
  const committed = description === null ? [] : await committedOffsets(admin, group, true);
  const partitions =
    scopes === undefined ? await stillThere(admin, committed, output) : await partitionsOf(admin, scopes);
  const plan = planReset(await readStates(admin, partitions, committed, target), target);
  for (const { partition, remark, topic } of plan) {
    if (remark !== null) output.warn(`${topic}-${partition}: ${remark}.`);
  }
  return plan;
}

async function readStates(
  admin: AdminClient,
  partitions: readonly PartitionName[],
  committed: readonly CommittedOffset[],
  target: ResetTarget,
): Promise<PartitionState[]> {
  const earliest = await partitionOffsets(admin, partitions, 'earliest');
  const latest = await partitionOffsets(admin, partitions, 'latest');
  const atTime = target.kind === 'time' ? await partitionOffsets(admin, partitions, target.timestamp) : [];
  const offsets = new Map(committed.map(({ offset, partition, topic }) => [`${topic}-${partition}`, offset]));
  return partitions.map(({ partition, topic }, index) => ({
    topic,
    partition,
    committed: offsets.get(`${topic}-${partition}`) ?? null,
    earliest: earliest[index] ?? 0n,
    latest: latest[index] ?? 0n,
    atTime: (atTime[index] ?? -1n) >= 0n ? (atTime[index] ?? null) : null,
  }));
}

async function execute(context: CommandContext, admin: AdminClient, { group, offsets }: GroupPlan): Promise<void> {
  context.about({ group });
  if (offsets.length === 0) return;
  const topics = groupByTopic(offsets, ({ next, partition }) => ({
    index: partition,
    offset: next,
    leaderEpoch: -1,
    metadata: '',
  }));
  try {
    await admin.toCoordinator(group, {
      api: offsetCommitApi,
      request: { groupId: group, generationId: -1, memberId: '', groupInstanceId: null, topics },
      errorCode: (response) => worstCode(response.topics.flatMap(({ partitions }) => partitions)),
    });
  } catch (error) {
    const isActive = error instanceof BrokerResponseError && error.code === ErrorCode.UNKNOWN_MEMBER_ID;
    if (!isActive) throw error;
    throw new CommandError(
      `The group '${group}' has become active: its offsets were not changed. Stop its members first.`,
      {
        cause: error,
      },
    );
  }
}

async function show(
  { output }: CommandContext,
  plans: readonly GroupPlan[],
  executed: boolean,
  json: boolean,
): Promise<void> {
  const rows = plans.flatMap(({ group, offsets }) =>
    offsets.map(({ current, next, partition, topic }) => ({ group, topic, partition, current, new: next })),
  );
  if (json) return output.json({ executed, offsets: rows });
  await output.table(
    [
      { title: 'Group' },
      { title: 'Topic' },
      { title: 'Partition', align: 'right' },
      { title: 'Current', align: 'right' },
      { title: 'New', align: 'right' },
    ],
    rows.map((row) => [row.group, row.topic, row.partition, row.current, row.new]),
  );
}

/** The committed partitions by topic and number, without those of topics that were deleted since. */
async function stillThere(
  admin: AdminClient,
  committed: readonly CommittedOffset[],
  output: Output,
): Promise<PartitionName[]> {
  const counts = new Map((await visibleTopics(admin)).map(({ name, partitions }) => [name, partitions.length]));
  const isThere = ({ partition, topic }: PartitionName): boolean => partition < (counts.get(topic) ?? 0);
  const gone = committed.filter((offset) => !isThere(offset)).map(({ partition, topic }) => `${topic}-${partition}`);
  if (gone.length > 0) output.warn(`${gone.join(', ')}: not there any more, or not to be seen; left as it is.`);
  return committed
    .filter(isThere)
    .map(({ partition, topic }) => ({ topic, partition }))
    .sort((left, right) => left.topic.localeCompare(right.topic) || left.partition - right.partition);
}
