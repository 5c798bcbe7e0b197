import { InvalidArgumentError, Option, type Command } from 'commander';
import { addConnectionOptions, addPropertyOption } from '../common/connection-options.js';
import { integer } from '../common/option-values.js';
import { runAction, type Runtime } from '../common/run-action.js';
import { addRepeatedProperty } from '../records/property-option.js';
import type { ParsedLine } from './line-parser.js';
import { parseHeader, type ProduceOptions } from './produce-options.js';
import { produceRecords } from './produce-records.js';

const HELP = `
Reads lines from standard input and prints where each record is stored: topic-partition@offset. Exit code 1 if any record failed, with one line
on standard error for each; the others are stored nevertheless. With --transactional-id all of them are stored, or none.

Reader properties, as of kafka-console-producer: parse.key, key.separator (tab), parse.headers, headers.delimiter (tab), headers.separator (,),
headers.key.separator (:), ignore.error, null.marker. A line is then: headers, tab, key, tab, value.

Examples:
  echo 'hello' | nest-kafka produce --topic greetings
  echo 'k1:v1' | nest-kafka produce --topic orders --key-separator : --header source:shell
  nest-kafka consume --topic orders --from-beginning --timeout-ms 5000 --json | nest-kafka produce --topic copy --json-lines
  nest-kafka produce --topic orders --transactional-id import-1 < orders.txt`;

/** `nest-kafka produce` */
export function addProduceCommand(program: Command, runtime: Runtime): void {
  const produce = program.command('produce').description('Sends the lines of standard input as records.');
  produce.requiredOption('--topic <topic>', 'where to');
  addConnectionOptions(produce);
  addPropertyOption(produce);
  addInputOptions(produce);
  addProducerOptions(produce);
  produce
    .option('--quiet', 'do not print where records are stored')
    .option('--json', 'print where records are stored as JSON lines')
    .addHelpText('after', HELP);
  runAction<ProduceOptions>(produce, runtime, produceRecords, { onStop: 'finish' });
}

function addInputOptions(produce: Command): void {
  produce
    .option('--json-lines', 'each line is a JSON object: key, value, headers, partition, timestamp (as consume --json)')
    .option('--ignore-partition', "with --json-lines: choose partitions anew instead of taking the lines'")
    .option('--partition <number>', 'all records go to this partition', integer(0, 0x7fff_ffff))
    .option('--parse-key', 'the same as --reader-property parse.key=true')
    .option('--key-separator <text>', 'what parts key and value (default: a tab); implies --parse-key')
    .option('--null-marker <text>', 'this text stands for null, as key, value or header value')
    .addOption(
      new Option('--header <name:value>', 'a header of every record; may be repeated').argParser(collectHeader),
    );
  addRepeatedProperty(produce, 'reader-property', 'how lines are read; may be repeated');
}

function addProducerOptions(produce: Command): void {
  produce
    .option('--acks <acks>', 'who must have a record: all (default), 1 or 0')
    .option('--request-required-acks <acks>', 'the same as --acks')
    .option('--compression-codec [codec]', 'none (default), gzip (default without a name), snappy, lz4 or zstd')
    .option('--sync', 'wait for each record before the next one')
    .option('--linger-ms <ms>', 'how long a batch waits for more records (default: 5)', integer(0))
    .option('--timeout <ms>', 'the same as --linger-ms', integer(0))
    .option('--batch-size <bytes>', 'of one partition (default: 16384)', integer(0))
    .option('--max-memory-bytes <bytes>', 'of records that wait to be sent (default: 33554432)', integer(0))
    .option(
      '--max-block-ms <ms>',
      'how long a record may wait for that memory, and for metadata (default: 60000)',
      integer(0),
    )
    .option('--message-send-max-retries <count>', 'default: until delivery.timeout.ms is over', integer(0))
    .option('--retry-backoff-ms <ms>', 'pause before a retry (default: 100)', integer(0))
    .option('--request-timeout-ms <ms>', 'for one answer (default: 30000)', integer(0))
    .option('--metadata-expiry-ms <ms>', 'age at which metadata is asked for again (default: 300000)', integer(0))
    .option('--transactional-id <id>', 'send all records in one transaction')
    .option('--records-per-transaction <count>', 'begin another transaction after so many records', integer(1));
}

function collectHeader(text: string, former: ParsedLine['headers'] = []): ParsedLine['headers'] {
  const header = parseHeader(text);
  if (header === null) throw new InvalidArgumentError('Give a header as name:value.');
  return [...former, header];
}
