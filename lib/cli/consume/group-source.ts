import type { AssignedPartition, ConsumerEngineApi } from '../../consumer/consumer-engine-api.js';
import { ConsumerEngine } from '../../consumer/internals/consumer-engine.js';
import type { CommandContext } from '../common/command-context.js';
import type { ConnectionSettings } from '../common/connection-options.js';
import { requireTopics } from '../common/topics.js';
import { commandLog } from '../records/command-log.js';
import { consumerConfig } from '../records/consumer-config.js';
import type { RecordSlice } from '../records/record-slice.js';
import { SliceQueue } from '../records/slice-queue.js';
import { type CommitMode, type ConsumeOptions, wantedTopics } from './consume-options.js';
import { PrintedOffsets } from './printed-offsets.js';
import type { RecordSource } from './record-source.js';

const START_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 15_000;

/** Reads as a member of a group, and commits what was printed. */
export class GroupSource implements RecordSource {
  private readonly queue = new SliceQueue();
  private readonly engine: ConsumerEngineApi;
  private readonly offsets: PrintedOffsets;
  private readonly commitTimer: NodeJS.Timeout | undefined;
  /** Handed out, and perhaps not printed yet. */
  private current: RecordSlice | null = null;
  private whenPrinted: () => void = () => undefined;
  private whenAssigned: () => void = () => undefined;

  private constructor(
    context: CommandContext,
    connection: ConnectionSettings,
    private readonly options: ConsumeOptions & { readonly group: string },
  ) {
    const { fromBeginning, group, isolationLevel } = options;
    const log = commandLog(context);
    const { autoCommitIntervalMs, config } = consumerConfig(connection, {
      groupId: group,
      ...(fromBeginning === true ? { autoOffsetReset: 'earliest' } : {}),
      ...(isolationLevel === undefined ? {} : { isolationLevel }),
    });
    this.engine = new ConsumerEngine({
      client: connection.client,
      config,
      log,
      startTimeoutMs: START_TIMEOUT_MS,
      events: {
        onAssigned: () => this.whenAssigned(),
        onRevoked: (partitions) => this.revoked(partitions),
        onLost: (partitions) => this.lost(partitions),
        onRecords: (partition, records, nextOffset) => this.queue.push({ partition, records, nextOffset }),
        onTrouble: (error) => {
          if (error !== null) log.warn(`${error.message} Reading goes on when it can.`);
        },
        onFatal: (error) => this.queue.fail(error),
      },
    });
    this.offsets = new PrintedOffsets(this.engine, log);
    if (this.commitMode === 'auto') {
      this.commitTimer = setInterval(() => this.offsets.commitSoon(), autoCommitIntervalMs);
      this.commitTimer.unref();
    }
  }

  /** Joins the group; resolves with the first assignment, which may be of no partition. @throws CommandError for a topic that is not there; what joining throws */
  public static async open(
    context: CommandContext,
    connection: ConnectionSettings,
    options: ConsumeOptions & { readonly group: string },
  ): Promise<GroupSource> {
    context.about({ group: options.group });
    const topics = wantedTopics(options);
    const admin = context.adminOf(connection);
    await requireTopics(
      admin,
      topics.filter((topic) => typeof topic === 'string'),
    );
    const source = new GroupSource(context, connection, options);
    context.defer(() => source.close());
    await source.join(topics, context.stop);
    return source;
  }

  public async next(limitMs: number | null, stop: AbortSignal): Promise<RecordSlice | null> {
    this.done();
    this.current = await this.queue.next(limitMs, stop);
    return this.current;
  }

  public async printed({ partition, records }: RecordSlice, nextOffset: bigint): Promise<void> {
    const leaderEpoch = records.at(-1)?.leaderEpoch ?? -1;
    this.offsets.note({ partition, offset: nextOffset, leaderEpoch });
    if (this.commitMode === 'sync') await this.offsets.commit();
    if (this.commitMode === 'async') this.offsets.commitSoon();
    this.done();
  }

  public finish(): Promise<void> {
    return this.offsets.commit();
  }

  private get commitMode(): CommitMode {
    return this.options.commit ?? 'auto';
  }

  private async join(topics: readonly (string | RegExp)[], stop: AbortSignal): Promise<void> {
    const assigned = new Promise<void>((resolve) => {
      this.whenAssigned = resolve;
      stop.addEventListener('abort', () => resolve(), { once: true });
    });
    this.engine.subscribe(topics);
    await this.engine.start();
    await Promise.race([assigned, this.queue.failed()]);
  }

  private done(): void {
    this.current = null;
    this.whenPrinted();
  }

  /** What is being printed is printed to its end, so that nobody prints it again. */
  private async revoked(partitions: readonly AssignedPartition[]): Promise<void> {
    this.queue.drop(partitions);
    const { current } = this;
    if (current !== null && partitions.includes(current.partition)) {
      await new Promise<void>((resolve) => {
        this.whenPrinted = resolve;
      });
    }
    await this.offsets.commit();
  }

  private lost(partitions: readonly AssignedPartition[]): void {
    this.queue.drop(partitions);
    this.offsets.forget(partitions);
  }

  private async close(): Promise<void> {
    clearInterval(this.commitTimer);
    this.done();
    await this.engine.close(CLOSE_TIMEOUT_MS);
  }
}
