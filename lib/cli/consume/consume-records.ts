import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ConsumedRecord } from '../../consumer/consumed-record.js';
import { UndecodableRecordError } from '../../consumer/deserializers/undecodable-record-error.js';
import type { CommandContext } from '../common/command-context.js';
import { CommandError } from '../common/command-error.js';
import { ownName } from '../common/own-name.js';
import type { RecordSlice } from '../records/record-slice.js';
import { checkStart, type ConsumeOptions, createFormatter, wantedTopics } from './consume-options.js';
import { GroupSource } from './group-source.js';
import type { RecordFormatter } from './record-formatter.js';
import type { RecordSource } from './record-source.js';
import { StandaloneSource } from './standalone-source.js';

/** `nest-kafka consume`: records become lines of standard output. */
export async function consumeRecords(context: CommandContext, options: ConsumeOptions): Promise<void> {
  wantedTopics(options);
  const formatter = createFormatter(options);
  const connection = context.connection(options);
  context.about({ topic: options.topic?.[0] });
  const group = options.group ?? ownName(context, connection, options, { name: 'group.id', option: '--group' });
  checkStart({ ...options, ...(group === undefined ? {} : { group }) });
  if (group !== undefined && connection.properties['enable.auto.commit'] === 'false' && options.commit === undefined) {
    context.output.warn(
      'enable.auto.commit=false is not followed: what is printed is committed. Leave the group out to commit nothing.',
    );
  }
  const source =
    group === undefined
      ? await StandaloneSource.open(context, connection, options)
      : await GroupSource.open(context, connection, { ...options, group });
  await new ConsumeRun(context, source, formatter, options).run();
}

/** What was printable of a slice. */
interface PrintedSlice {
  readonly data: Buffer;
  readonly count: number;
  readonly nextOffset: bigint;
  /** A record that cannot be printed, which ends it. */
  readonly failure: UndecodableRecordError | null;
}

class ConsumeRun {
  private count = 0;

  public constructor(
    private readonly context: CommandContext,
    private readonly source: RecordSource,
    private readonly formatter: RecordFormatter,
    private readonly options: ConsumeOptions,
  ) {}

  /** Prints until there is enough, nothing comes any more, or it is to stop; what was printed is committed, also when it ends with an error. */
  public async run(): Promise<void> {
    const { output, stop } = this.context;
    try {
      await this.print();
    } catch (error) {
      await this.source
        .finish()
        .catch((failed: unknown) => output.warn(`Offsets were not committed: ${String(failed)}`));
      throw error;
    }
    await this.source.finish();
    if (stop.reason !== 'EPIPE') output.note(`Processed a total of ${this.count} messages`);
    this.checkCount();
  }

  private async print(): Promise<void> {
    const { stop } = this.context;
    const { timeoutMs } = this.options;
    let lastAt = Date.now();
    while (this.left > 0 && !stop.aborted) {
      const limit = timeoutMs === undefined ? null : Math.max(0, lastAt + timeoutMs - Date.now());
      const slice = await this.source.next(limit, stop);
      if (slice === null) return;
      const printed = this.format(slice);
      if (!(await this.write(printed.data))) return;
      this.count += printed.count;
      await this.source.printed(slice, printed.nextOffset);
      if (printed.failure !== null) throw printed.failure;
      if (slice.records.length > 0) lastAt = Date.now();
    }
  }

  private get left(): number {
    const { maxMessages } = this.options;
    return maxMessages === undefined ? Number.POSITIVE_INFINITY : maxMessages - this.count;
  }

  /** @returns false when it has not reached its reader: then it must not be committed */
  private async write(data: Buffer): Promise<boolean> {
    const { output, stop } = this.context;
    if (data.length === 0) return true;
    if (!(await output.deliver(data))) return false;
    // That nobody reads a pipe any more is told in another turn: what has not been read must not be committed.
    await nextTurn();
    return stop.reason !== 'EPIPE';
  }

  private format({ nextOffset, records }: RecordSlice): PrintedSlice {
    const parts: (Buffer | string)[] = [];
    let count = 0;
    let position = nextOffset;
    for (const record of records) {
      const outcome = this.append(parts, record);
      if (outcome instanceof Error) return { data: joined(parts), count, nextOffset: record.offset, failure: outcome };
      if (outcome === 'passed over') continue;
      count++;
      if (count < this.left) continue;
      // What comes behind the last one that was wanted is not printed, be it only a marker.
      position = record.offset + 1n;
      break;
    }
    return { data: joined(parts), count, nextOffset: position, failure: null };
  }

  private append(
    parts: (Buffer | string)[],
    record: ConsumedRecord,
  ): 'printed' | 'passed over' | UndecodableRecordError {
    try {
      parts.push(...this.formatter.format(record));
      return 'printed';
    } catch (error) {
      if (!(error instanceof UndecodableRecordError)) throw error;
      if (this.options.skipMessageOnError !== true) return error;
      this.context.output.warn(`${error.message} It was passed over.`);
      return 'passed over';
    }
  }

  private checkCount(): void {
    const { maxMessages, timeoutMs } = this.options;
    if (maxMessages === undefined || this.left <= 0 || this.context.stop.aborted) return;
    throw new CommandError(
      `Only ${this.count} of ${maxMessages} records came: none for ${timeoutMs} ms (--timeout-ms).`,
    );
  }
}

function joined(parts: readonly (Buffer | string)[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
}
