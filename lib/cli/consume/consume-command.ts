import { InvalidArgumentError, Option, type Command } from 'commander';
import { addConnectionOptions, addPropertyOption } from '../common/connection-options.js';
import { collect, integer, moment, offset } from '../common/option-values.js';
import { runAction, type Runtime } from '../common/run-action.js';
import { addRepeatedProperty } from '../records/property-option.js';
import { type ConsumeOptions, PRINTABLE } from './consume-options.js';
import { consumeRecords } from './consume-records.js';
import { PRINTED_AS } from './printed-parts.js';

const HELP = `
Prints the values of records, a line each, until Ctrl-C (exit code 0), --max-messages or --timeout-ms. Exit code 1 when --timeout-ms is over before
--max-messages have come. Without --group no group is joined and nothing is committed. With it, what was printed is committed, and nothing else. Only
committed records of transactions are shown, unlike with kafka-console-consumer: see --isolation-level.

Examples:
  nest-kafka consume --topic orders --from-beginning --print key,offset
  nest-kafka consume --topic orders --partition 0 --offset 42 --max-messages 1 --json
  nest-kafka consume --topic orders --from-timestamp 2026-11-21T09:00:00Z --timeout-ms 2000
  nest-kafka consume --topic orders --group audit --commit sync --max-messages 100`;

/** `nest-kafka consume` */
export function addConsumeCommand(program: Command, runtime: Runtime): void {
  const consume = program.command('consume').description('Prints the records of topics.');
  addConnectionOptions(consume);
  addPropertyOption(consume);
  addReadingOptions(consume);
  addPrintingOptions(consume);
  consume.addHelpText('after', HELP);
  runAction<ConsumeOptions>(consume, runtime, consumeRecords, { onStop: 'finish' });
}

function addReadingOptions(consume: Command): void {
  consume
    .addOption(new Option('--topic <topic>', 'what to read; may be repeated').argParser(collect))
    .option('--include <regex>', 'topics whose whole names match, also those that come later')
    .option('--from-beginning', 'begin with the oldest record; with --group only where nothing is committed')
    .option('--partition <number>', 'only this partition', integer(0, 0x7fff_ffff))
    .option('--offset <offset>', 'with --partition: earliest, latest (default), or an offset', parseStart)
    .option('--from-timestamp <time>', 'begin with records of that time: ISO 8601, or milliseconds since 1970', moment)
    .option('--group <id>', 'read as a member of this group, from its committed offsets')
    .addOption(
      new Option(
        '--commit <when>',
        'with --group: auto (default, every 5 s), sync or async (after each chunk)',
      ).choices(['auto', 'sync', 'async']),
    )
    .addOption(
      new Option(
        '--isolation-level <level>',
        'read_committed (default), or read_uncommitted: also aborted records',
      ).choices(['read_committed', 'read_uncommitted']),
    )
    .option('--max-messages <count>', 'end after so many', integer(1))
    .option('--timeout-ms <ms>', 'end when nothing has come for so long', integer(1, 2_147_483_647));
}

function addPrintingOptions(consume: Command): void {
  const deserializer = (flags: string, what: string): Option =>
    new Option(flags, what).choices(PRINTED_AS).default('string');
  consume
    .option('--print <parts>', `what to print before the value: ${PRINTABLE.join(',')}`, parsePrint)
    .option('--json', 'print JSON lines with everything, which produce --json-lines reads')
    .addOption(deserializer('--key-deserializer <name>', 'what keys are; buffer is printed in base64'))
    .addOption(deserializer('--value-deserializer <name>', 'what values are'))
    .option('--skip-message-on-error', 'pass over records that cannot be read, with a warning, instead of ending');
  addRepeatedProperty(consume, 'formatter-property', 'e.g. print.key=true; may be repeated');
}

function parseStart(text: string): 'earliest' | 'latest' | bigint {
  return text === 'earliest' || text === 'latest' ? text : offset(text);
}

function parsePrint(text: string): string[] {
  const parts = text.split(',').map((part) => part.trim());
  const unknown = parts.find((part) => !PRINTABLE.includes(part));
  if (unknown === undefined) return parts;
  throw new InvalidArgumentError(`There is no '${unknown}'. Give some of ${PRINTABLE.join(',')}.`);
}
