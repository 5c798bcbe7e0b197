import { type Command, InvalidArgumentError } from 'commander';
import { addConnectionOptions } from '../common/connection-options.js';
import { collect, integer, moment, offset } from '../common/option-values.js';
import { runAction, type Runtime } from '../common/run-action.js';
import { deleteGroups, type DeleteGroupsOptions } from './delete-groups.js';
import { describeGroups, type DescribeGroupsOptions } from './describe-groups.js';
import { isoDuration } from './iso-duration.js';
import { listGroups, type ListGroupsOptions } from './list-groups.js';
import { resetOffsets, type ResetOffsetsOptions } from './reset-offsets.js';
import { collectScopes } from './topic-scope.js';

const JSON_HELP = 'print one JSON document';

const LIST_HELP = `
In a pipe: one name a line. Examples:
  nest-kafka groups list
  nest-kafka groups list --state Empty --json`;

const DESCRIBE_HELP = `
Lag is the high watermark minus the committed offset, as in kafka-consumer-groups; it counts records of transactions under way too. Examples:
  nest-kafka groups describe --group billing
  nest-kafka groups describe --all-groups --json | jq '.[] | {group, lag}'`;

const RESET_HELP = `
Without --execute nothing is changed: the plan is printed, and the exit code is 0. Groups with members are refused.
Offsets outside of what a partition holds are moved to its begin or end, with a warning. Examples:
  nest-kafka groups reset-offsets --group billing --topic orders --to-earliest
  nest-kafka groups reset-offsets --group billing --topic orders:0,2 --shift-by -100 --execute
  nest-kafka groups reset-offsets --group billing --all-topics --to-datetime 2026-11-21T09:00:00Z --execute
  nest-kafka groups reset-offsets --group billing --all-topics --by-duration PT30M --execute`;

const DELETE_HELP = `
Deletes at once and asks nothing, as kafka-consumer-groups does; groups with members are refused. Example:
  nest-kafka groups delete --group billing`;

/** `nest-kafka groups ...` */
export function addGroupsCommands(program: Command, runtime: Runtime): void {
  const groups = program.command('groups').description('Consumer groups, as with kafka-consumer-groups.');
  addList(groups, runtime);
  addDescribe(groups, runtime);
  addReset(groups, runtime);
  addDelete(groups, runtime);
}

/** Kafka's names, of the classic protocol and of that of KIP-848. */
const GROUP_STATES = [
  'Stable',
  'Empty',
  'Dead',
  'PreparingRebalance',
  'CompletingRebalance',
  'Assigning',
  'Reconciling',
];

function collectState(text: string, former: readonly string[] | undefined): string[] {
  const state = GROUP_STATES.find((name) => name.toLowerCase() === text.toLowerCase());
  if (state === undefined) throw new InvalidArgumentError(`There are ${GROUP_STATES.join(', ')}.`);
  return collect(state, former);
}

function addList(groups: Command, runtime: Runtime): void {
  const command = groups.command('list').description('Lists consumer groups, of all brokers.');
  addConnectionOptions(command)
    .option('--state <name>', `only groups in this state (${GROUP_STATES.join(', ')}); may be repeated`, collectState)
    .option('--json', JSON_HELP)
    .addHelpText('after', LIST_HELP);
  runAction<ListGroupsOptions>(command, runtime, listGroups);
}

function addDescribe(groups: Command, runtime: Runtime): void {
  const command = groups.command('describe').description('Shows state, members, and the lag of each partition.');
  addGroupOptions(command)
    .option('--offsets', 'only the offsets')
    .option('--members', 'only the members and their partitions')
    .option('--state', 'only the state')
    .option('--json', `${JSON_HELP}, with everything`)
    .addHelpText('after', DESCRIBE_HELP);
  runAction<DescribeGroupsOptions>(command, runtime, describeGroups);
}

function addReset(groups: Command, runtime: Runtime): void {
  const command = groups
    .command('reset-offsets')
    .description('Has groups go on elsewhere; only shows it, without --execute.');
  addGroupOptions(command)
    .option(
      '--topic <name[:partitions]>',
      'a topic, or some of its partitions: orders:0,2; may be repeated',
      collectScopes,
    )
    .option('--all-topics', 'every topic that the group has committed')
    .option('--to-earliest', 'the first record that is there')
    .option('--to-latest', 'the end: only new records')
    .option('--to-current', 'the committed offset; the end where there is none')
    .option('--to-offset <offset>', 'this offset', offset)
    .option('--shift-by <count>', 'so many records on, or back if negative', integer(Number.MIN_SAFE_INTEGER))
    .option('--to-datetime <time>', 'the first record at or after this time: ISO 8601, or ms since 1970', moment)
    .option('--by-duration <duration>', 'the first record in the last PT30M, P1DT2H, ...', isoDuration)
    .option('--execute', 'do it')
    .option('--dry-run', 'only show it (the default)')
    .option('--json', JSON_HELP)
    .addHelpText('after', RESET_HELP);
  runAction<ResetOffsetsOptions>(command, runtime, resetOffsets);
}

function addDelete(groups: Command, runtime: Runtime): void {
  const command = groups.command('delete').description('Removes groups without members, and their offsets, at once.');
  addGroupOptions(command).option('--json', JSON_HELP).addHelpText('after', DELETE_HELP);
  runAction<DeleteGroupsOptions>(command, runtime, deleteGroups);
}

function addGroupOptions(command: Command): Command {
  return addConnectionOptions(command)
    .option('--group <name>', 'a group; may be repeated', collect)
    .option('--all-groups', 'every consumer group');
}
