import type { Command } from 'commander';
import { addConnectionOptions, addPropertyOption } from '../common/connection-options.js';
import { integer } from '../common/option-values.js';
import { runAction, type Runtime } from '../common/run-action.js';
import { listDeadLetters, type ListDeadLettersOptions } from './list-dead-letters.js';
import { replayDeadLetters, type ReplayDeadLettersOptions } from './replay-dead-letters.js';

const LIST_HELP = `
Examples:
  nest-kafka dead-letters list --topic orders-dlt
  nest-kafka dead-letters list --topic orders-dlt --error-class RangeError --json`;

const REPLAY_HELP = `
Without --execute nothing is sent: it prints what would be. Records go back to the topic and partition that they came from, with their key, value and own
headers, and a header dlt-replay-count. One that fails again and comes back is left, unless --again is given. Records and progress are committed in
one transaction, so a replay that was killed can be started again and sends nothing twice. Progress is kept as offsets of a group: nest-kafka groups describe
shows it, and after groups reset-offsets they are sent once more.

Examples:
  nest-kafka dead-letters replay --topic orders-dlt
  nest-kafka dead-letters replay --topic orders-dlt --execute --rate 50
  nest-kafka dead-letters replay --topic orders-dlt --error-class TimeoutError --max 100 --execute`;

/** `nest-kafka dead-letters ...` */
export function addDeadLetterCommands(program: Command, runtime: Runtime): void {
  const deadLetters = program.command('dead-letters').description('Records that listeners have given up.');
  const list = deadLetters.command('list').description('Shows where dead letters come from, and why they failed.');
  addCommonOptions(list);
  list.option('--max <count>', 'show so many at most', integer(1), 100).addHelpText('after', LIST_HELP);
  runAction<ListDeadLettersOptions>(list, runtime, listDeadLetters);
  const replay = deadLetters.command('replay').description('Sends dead letters back to where they came from.');
  addCommonOptions(replay);
  replay
    .option('--to <topic>', 'send them there instead, to partitions by their keys')
    .option('--rate <records>', 'so many a second at most', integer(1))
    .option('--max <count>', 'send so many at most', integer(1))
    .option('--again', 'also those that have failed again after a replay')
    .option('--group <id>', 'whose offsets tell how far replays have come (default: nest-kafka-replay.<topic>)')
    .option('--execute', 'do it')
    .addHelpText('after', REPLAY_HELP);
  runAction<ReplayDeadLettersOptions>(replay, runtime, replayDeadLetters, { onStop: 'finish' });
}

function addCommonOptions(command: Command): void {
  command.requiredOption('--topic <topic>', 'the dead-letter topic, e.g. orders-dlt');
  addConnectionOptions(command);
  addPropertyOption(command);
  command
    .option('--consumer-group <id>', 'only those that this group gave up')
    .option('--error-class <name>', 'only those with this class of error')
    .option('--json', 'print one JSON document');
}
