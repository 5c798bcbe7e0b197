import { fstatSync } from 'node:fs';
import type { ProducerOptions } from '../../producer/producer-options.js';
import type { AdminClient } from '../../wire/admin/admin-client.js';
import { withDeadline } from '../../wire/with-deadline.js';
import type { CliIo } from '../common/cli-io.js';
import type { CommandContext } from '../common/command-context.js';
import { CommandError } from '../common/command-error.js';
import { UsageError } from '../common/usage-error.js';
import type { ConnectionSettings } from '../common/connection-options.js';
import { InterruptedError, type StopReason } from '../common/interrupted-error.js';
import type { Progress } from '../common/progress.js';
import { requireTopic } from '../common/topics.js';
import { ownName } from '../common/own-name.js';
import { openProducer, openTransactionalProducer, type OpenProducer } from '../records/producer-engines.js';
import { DeliveryReport } from './delivery-report.js';
import { InputTransaction } from './input-transaction.js';
import { LineSplitter } from './line-splitter.js';
import { createLineParser, lineDefaults, type ProduceOptions, producerOptions } from './produce-options.js';
import { ProduceRun } from './produce-run.js';

/** For a topic that a broker makes when it is asked for. */
const AUTO_CREATE_MS = 2_000;
/** Of one line: what may be sent, in base64 and with names around it. */
const LINE_FACTOR = 4;
const LINE_EXTRA_BYTES = 65_536;

/** `nest-kafka produce`: the lines of standard input become records. */
export async function produceRecords(context: CommandContext, options: ProduceOptions): Promise<void> {
  const { io, output } = context;
  const { topic } = options;
  // Otherwise a pipe that nobody has closed keeps the process alive.
  context.defer(async () => void io.stdin.destroy());
  const parser = createLineParser(options);
  const settings = producerOptions(options);
  const connection = context.connection(options);
  context.about({ topic });
  const admin = context.adminOf(connection);
  const missing = await missingTopic(admin, topic);
  const report = new DeliveryReport(output, options.quiet === true ? 'quiet' : options.json === true ? 'json' : 'text');
  const { recordsPerTransaction: size = null } = options;
  const property = { name: 'transactional.id', option: '--transactional-id' } as const;
  const transactionalId = settings.transactionalId ?? ownName(context, connection, options, property) ?? null;
  const { producer, transaction } = await open(context, connection, { settings, transactionalId, report, size });
  const partitionCount = await countPartitions(producer, options, missing);
  const run = new ProduceRun({
    context,
    producer,
    topic,
    partitionCount,
    parser,
    defaults: lineDefaults(options),
    report,
    transaction,
    sync: options.sync === true,
  });
  const progress = progressOf(context, options.quiet === true);
  await pump(context, run, progress, LINE_FACTOR * producer.config.maxRequestSize + LINE_EXTRA_BYTES);
}

interface OpenOptions {
  readonly settings: ProducerOptions;
  readonly transactionalId: string | null;
  readonly report: DeliveryReport;
  /** Records of a transaction; null for all. */
  readonly size: number | null;
}

async function open(
  context: CommandContext,
  connection: ConnectionSettings,
  { report, settings, size, transactionalId }: OpenOptions,
): Promise<{ readonly producer: OpenProducer; readonly transaction: InputTransaction | null }> {
  if (transactionalId === null) {
    return { producer: await openProducer(context, connection, settings), transaction: null };
  }
  const producer = await openTransactionalProducer(context, connection, { ...settings, transactionalId });
  return { producer, transaction: new InputTransaction(producer.engine, report, size) };
}

/** A topic that is not there may be one that the broker makes when a producer asks for it, as with Kafka's tool. @returns what to say when it does not */
async function missingTopic(admin: AdminClient, topic: string): Promise<CommandError | null> {
  try {
    await requireTopic(admin, topic);
    return null;
  } catch (error) {
    if (error instanceof CommandError) return error;
    throw error;
  }
}

async function countPartitions(
  { engine }: OpenProducer,
  { partition, topic }: ProduceOptions,
  missing: CommandError | null,
): Promise<number> {
  let partitions;
  try {
    partitions = await withDeadline(
      engine.partitionsFor(topic),
      Date.now() + AUTO_CREATE_MS,
      'The topic was not found',
    );
  } catch (error) {
    throw missing ?? error;
  }
  if (partition === undefined || partition < partitions.length) return partitions.length;
  throw new CommandError(
    `${topic} has no partition ${partition}: there are 0 to ${partitions.length - 1}. To add some: nest-kafka topics alter --topic ${topic} --partitions ...`,
    { topic },
  );
}

async function pump(
  context: CommandContext,
  run: ProduceRun,
  progress: Progress | null,
  maxLineBytes: number,
): Promise<void> {
  const { io, stop } = context;
  refuseDirectory(io.stdin);
  const splitter = new LineSplitter(maxLineBytes);
  const prompt = (): void => {
    if (io.stdin.isTTY === true) io.stderr.write('>');
  };
  const onStop = (): void => {
    // Records are sent though nobody reads where they are stored.
    if (stop.reason !== 'EPIPE') io.stdin.destroy();
  };
  stop.addEventListener('abort', onStop);
  let bytes = 0;
  prompt();
  try {
    for await (const chunk of io.stdin) {
      const data: Buffer = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      for (const line of splitter.push(data)) {
        const wait = run.accept(line);
        if (wait !== null) await wait;
        prompt();
      }
      progress?.update((bytes += data.length));
    }
    for (const line of splitter.end()) await run.accept(line);
  } catch (error) {
    throw await interrupted(run, stop, error);
  } finally {
    stop.removeEventListener('abort', onStop);
    progress?.stop();
  }
  if (isSignal(stop)) throw await interrupted(run, stop, null);
  await run.end();
}

/** What was sent is waited for before the end, also when it comes early. @returns what to end with */
async function interrupted(run: ProduceRun, stop: AbortSignal, error: unknown): Promise<unknown> {
  const reason = isSignal(stop) ? new InterruptedError(stop.reason as StopReason) : null;
  const end = reason ?? error;
  await run.giveUp(end instanceof Error ? end : new CommandError(String(end)));
  return end;
}

function isSignal(stop: AbortSignal): boolean {
  return stop.aborted && stop.reason !== 'EPIPE';
}

/** For a file it is known how far it has been read; the bar would stand among the lines of a report on the same terminal. */
function progressOf(context: CommandContext, isQuiet: boolean): Progress | null {
  const { stdin, stdout } = context.io;
  const size = fileSize(stdin);
  return size === null || (stdout.isTTY === true && !isQuiet) ? null : context.progress(size, 'bytes');
}

/** Node reads it as if it were empty. */
function refuseDirectory(stdin: CliIo['stdin']): void {
  const isDirectory = 'fd' in stdin && typeof stdin.fd === 'number' && fstatSync(stdin.fd).isDirectory();
  if (isDirectory) throw new UsageError('Standard input is a directory: give a file or a pipe with a record a line.');
}

function fileSize(stdin: CliIo['stdin']): number | null {
  if (!('fd' in stdin) || typeof stdin.fd !== 'number') return null;
  const stats = fstatSync(stdin.fd);
  return stats.isFile() ? stats.size : null;
}
