import type { AdminClient } from '../../wire/admin/admin-client.js';
import { BrokerResponseError } from '../../wire/broker-response-error.js';
import { ErrorCode } from '../../wire/error-codes.js';
import { messageOf } from '../../wire/message-of.js';
import type { CommandContext } from '../common/command-context.js';
import type { ConnectionOptions, ConnectionSettings } from '../common/connection-options.js';
import { InterruptedError, type StopReason } from '../common/interrupted-error.js';
import { requireTopic } from '../common/topics.js';
import { UsageError } from '../common/usage-error.js';
import { openTransactionalProducer } from '../records/producer-engines.js';
import { readToEnd } from '../records/read-to-end.js';
import { CommandError } from '../common/command-error.js';
import { OutcomeError } from '../common/outcome-error.js';
import type { DeadLetterFilter } from './dead-letter-filter.js';
import { deadLetterLog, openReader } from './dead-letter-log.js';
import { replayBookmarks } from './replay-bookmarks.js';
import { ReplayCounts } from './replay-counts.js';
import { ReplayRun } from './replay-run.js';
import { ReplayScan } from './replay-scan.js';
import { ReplayTransactions } from './replay-transactions.js';

/** The options of `nest-kafka dead-letters replay`, as commander hands them over. */
export interface ReplayDeadLettersOptions extends ConnectionOptions, DeadLetterFilter {
  readonly topic: string;
  readonly to?: string;
  /** Whose offsets tell how far replays have come. */
  readonly group?: string;
  readonly rate?: number;
  readonly max?: number;
  readonly again?: boolean;
  readonly execute?: boolean;
  readonly json?: boolean;
}

const GROUP_PREFIX = 'nest-kafka-replay.';

/** `nest-kafka dead-letters replay` */
export async function replayDeadLetters(context: CommandContext, options: ReplayDeadLettersOptions): Promise<void> {
  const { output, stop } = context;
  const { execute = false, json = false, topic } = options;
  const group = options.group ?? GROUP_PREFIX + topic;
  if (options.to === topic) throw new UsageError('--to is the dead-letter topic itself.');
  const connection = context.connection(options);
  context.about({ topic, group });
  const admin = context.adminOf(connection);
  await requireTopic(admin, topic);
  if (options.to !== undefined) await requireTopic(admin, options.to);
  const counts = execute
    ? await send(context, connection, admin, { ...options, group })
    : await plan(context, connection, admin, { ...options, group });
  if (json) await output.json({ topic, group, executed: execute, ...counts.toJson() });
  else await counts.print(output, execute ? 'sent' : 'to send');
  if (!execute) output.note('This is a dry run: nothing was sent. Add --execute to send them.');
  if (stop.aborted) throw new InterruptedError(stop.reason as StopReason);
}

type ReplayOptions = ReplayDeadLettersOptions & { readonly group: string };

async function scanOf(admin: AdminClient, options: ReplayOptions): Promise<ReplayScan> {
  const log = await deadLetterLog(admin, options.topic);
  const bookmarks = await replayBookmarks(admin, options.group, log);
  return new ReplayScan(log, bookmarks, { ...options, deadLetterTopic: options.topic });
}

/** How many partitions topics have, each asked for once; 0 for one that is not there. */
function partitionCounts(admin: AdminClient): (topic: string) => Promise<number> {
  const known = new Map<string, Promise<number>>();
  const count = (topic: string): Promise<number> =>
    requireTopic(admin, topic).then(
      ({ partitions }) => partitions.length,
      (error: unknown) => {
        if (error instanceof CommandError || isIllegalName(error)) return 0;
        throw error;
      },
    );
  return (topic) => {
    const asked = known.get(topic) ?? count(topic);
    known.set(topic, asked);
    return asked;
  };
}

/** No such topic can ever be there: the header that names it is not what a listener has written. */
function isIllegalName(error: unknown): boolean {
  return error instanceof BrokerResponseError && error.code === ErrorCode.INVALID_TOPIC_EXCEPTION;
}

/** What would be sent. */
async function plan(
  context: CommandContext,
  connection: ConnectionSettings,
  admin: AdminClient,
  options: ReplayOptions,
): Promise<ReplayCounts> {
  const counts = new ReplayCounts();
  const partitionCount = partitionCounts(admin);
  const scan = await scanOf(admin, options);
  const reader = await openReader(context, connection, options.topic);
  for await (const slice of readToEnd(reader, scan.pieces, context.stop)) {
    for (const { left, topic } of scan.letters(slice)) {
      if (topic !== null && counts.total >= (options.max ?? Number.POSITIVE_INFINITY)) break;
      if (topic === null) counts.addLeft(left ?? 'not meant');
      else if ((await partitionCount(topic)) === 0) counts.addLeft('topic gone');
      else counts.addSent(topic);
    }
  }
  return counts;
}

async function send(
  context: CommandContext,
  connection: ConnectionSettings,
  admin: AdminClient,
  options: ReplayOptions,
): Promise<ReplayCounts> {
  const { group, max, rate, topic } = options;
  // Before anything is read: whoever replays at the same time is fenced, and what it has left open is aborted.
  const { engine } = await openTransactionalProducer(context, connection, { transactionalId: group });
  const scan = await scanOf(admin, options);
  const reader = await openReader(context, connection, topic);
  const run = new ReplayRun({
    scan,
    transactions: new ReplayTransactions(engine, topic, group),
    reader,
    partitionCount: partitionCounts(admin),
    usesOwnPartition: options.to === undefined,
    maxRecords: max ?? Number.POSITIVE_INFINITY,
    ratePerSecond: rate ?? null,
    progress: (total) => context.progress(total, 'offsets'),
    stop: context.stop,
  });
  try {
    return await run.run();
  } catch (cause) {
    const reason = messageOf(cause);
    throw new OutcomeError(
      `${run.counts.total} records were sent back, and the replay goes on behind them when it is started again. It ended because: ${reason}`,
      { cause },
    );
  }
}
