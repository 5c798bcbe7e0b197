import type { CommandContext } from '../common/command-context.js';
import type { ConnectionOptions } from '../common/connection-options.js';
import { jsonOffset } from '../records/json-record.js';
import { readToEnd } from '../records/read-to-end.js';
import { type DeadLetter, readDeadLetter } from './dead-letter.js';
import { type DeadLetterFilter, isMeant } from './dead-letter-filter.js';
import { deadLetterLog, openReader } from './dead-letter-log.js';

/** The options of `nest-kafka dead-letters list`, as commander hands them over. */
export interface ListDeadLettersOptions extends ConnectionOptions, DeadLetterFilter {
  readonly topic: string;
  readonly max: number;
  readonly json?: boolean;
}

/** On a terminal a longer message would break the table. */
const TERMINAL_MESSAGE_LENGTH = 60;

/** `nest-kafka dead-letters list` */
export async function listDeadLetters(context: CommandContext, options: ListDeadLettersOptions): Promise<void> {
  const { output, stop } = context;
  const connection = context.connection(options);
  context.about({ topic: options.topic });
  const pieces = await deadLetterLog(context.adminOf(connection), options.topic);
  const reader = await openReader(context, connection, options.topic);
  const letters: DeadLetter[] = [];
  let isMore = false;
  for await (const { records } of readToEnd(reader, pieces, stop)) {
    const meant = records.map(readDeadLetter).filter((letter) => isMeant(letter, options));
    letters.push(...meant.slice(0, options.max - letters.length));
    isMore ||= meant.length > 0 && letters.length >= options.max;
    if (isMore) break;
  }
  letters.sort((left, right) => left.record.timestamp - right.record.timestamp);
  if (options.json === true) await output.json(letters.map(toJson));
  else
    await output.table(
      COLUMNS,
      letters.map((letter) => toRow(letter, output.isTerminal)),
    );
  if (isMore) output.note(`The first ${letters.length} are shown; there may be more. See --max.`);
}

const COLUMNS = [
  { title: 'AT', align: 'left' },
  { title: 'FROM' },
  { title: 'WHEN' },
  { title: 'ATTEMPTS', align: 'right' },
  { title: 'REPLAYS', align: 'right' },
  { title: 'GROUP' },
  { title: 'ERROR' },
  { title: 'MESSAGE' },
] as const;

function toRow(letter: DeadLetter, isTerminal: boolean): (string | number | null)[] {
  const { attempts, errorClass, errorMessage, group, origin, record, replays } = letter;
  const message = errorMessage?.replaceAll(/\s+/g, ' ') ?? null;
  return [
    `${record.partition}@${record.offset}`,
    origin === null ? null : `${origin.topic}-${origin.partition}@${origin.offset}`,
    new Date(record.timestamp).toISOString(),
    attempts,
    replays,
    group,
    errorClass,
    isTerminal && message !== null && message.length > TERMINAL_MESSAGE_LENGTH
      ? `${message.slice(0, TERMINAL_MESSAGE_LENGTH - 1)}…`
      : message,
  ];
}

function toJson(letter: DeadLetter): Record<string, unknown> {
  const { attempts, errorClass, errorMessage, firstFailedAt, group, origin, record, replays } = letter;
  return {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    timestamp: record.timestamp,
    origin: origin === null ? null : { ...origin, offset: jsonOffset(origin.offset) },
    group,
    errorClass,
    errorMessage,
    attempts,
    firstFailedAt,
    replays,
  };
}
