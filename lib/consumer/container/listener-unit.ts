import type { CommitSession } from '../commit/commit-strategy.js';
import { ListenerCommits } from '../commit/listener-commits.js';
import type { LogSink } from '../../wire/log-sink.js';
import type { ConsumedRecord } from '../consumed-record.js';
import type { ConsumerConfig } from '../consumer-config.js';
import type { AssignedPartition, OffsetToCommit, SeekTarget } from '../consumer-engine-api.js';
import { describeOffset } from '../commit/commit-request.js';
import type { ListenerDefinition } from '../listener-definition.js';
import type { KafkaListenerEvent, ListenerPartitionStatus } from '../listener-events.js';
import { KeyLanes } from './key-lanes.js';
import type { ListenerMetricsRecorder } from './listener-metrics.js';
import { partitionStatus } from './partition-status.js';
import { PartitionProcessor } from './partition-processor.js';
import type { SharedWindow } from './shared-window.js';
import { toError } from './record-run.js';
import { Slots } from './slots.js';

export interface ListenerUnitDependencies {
  /** Of all listeners that read these topics in this group. */
  readonly definition: ListenerDefinition;
  readonly commit: (offsets: readonly OffsetToCommit[], deadline: number) => Promise<void>;
  /** A transaction may have committed offsets, and only the group can tell, once the partitions are given out anew. */
  readonly onOutcomeUnknown: () => void;
  readonly emit: (event: KafkaListenerEvent) => void;
  readonly log: LogSink;
  /** How long handlers may go on when a partition is given away. */
  readonly drainTimeoutMs: number;
  readonly config: Pick<ConsumerConfig, 'defaultApiTimeoutMs' | 'retryBackoffMs' | 'retryBackoffMaxMs'>;
  readonly onFailed: (error: Error) => void;
  readonly window: SharedWindow;
  readonly isPausedByHandler: (partition: AssignedPartition) => boolean;
  /** Of the listeners that this one stands for. */
  readonly metrics: readonly ListenerMetricsRecorder[];
}

/** How long partitions may take that are given away, in milliseconds. */
export interface ReleaseLimits {
  readonly drainMs: number;
  readonly commitMs: number;
}

/** So long the final commit may take, behind the time for handlers. */
const COMMIT_MARGIN_MS = 5_000;

/** A listener at work: the assigned partitions of its topics, and the commits of their offsets. */
export class ListenerUnit {
  public readonly definition: ListenerDefinition;
  private readonly processors = new Map<AssignedPartition, PartitionProcessor>();
  /** Of partitions that were given away while a handler did not come back: it still has its turn. */
  private readonly leftBehind = new Set<PartitionProcessor>();
  /** Those that are given away, from the moment in which that begins. They are still assigned while handlers end. */
  private readonly leaving = new WeakSet<AssignedPartition>();
  private readonly commits: ListenerCommits;
  private readonly session: CommitSession;
  private readonly slots: Slots;
  private readonly lanes: KeyLanes | null;
  private isPaused = false;
  private hasFailed = false;

  public constructor(private readonly dependencies: ListenerUnitDependencies) {
    const { definition, emit, log } = dependencies;
    const { defaultApiTimeoutMs, retryBackoffMaxMs, retryBackoffMs } = dependencies.config;
    this.definition = definition;
    const { concurrency, commitStrategy, id } = definition;
    const byKey = concurrency.unit === 'key';
    this.slots = new Slots(byKey ? Number.POSITIVE_INFINITY : concurrency.limit);
    this.lanes = byKey ? new KeyLanes(concurrency.limit, (error) => this.fail(toError(error))) : null;
    this.commits = new ListenerCommits({
      listenerId: id,
      commit: (offsets, deadline) => this.commit(offsets, deadline),
      defaultApiTimeoutMs,
      retryBackoffMs,
      retryBackoffMaxMs,
      isTransactional: commitStrategy.isTransactional ?? false,
      onFailure: (error, wasReported) => {
        if (!wasReported) log.warn(`The offsets of ${id} were not committed: ${error.message} It is tried again.`);
        emit({ type: 'commit-failed', listenerId: id, error });
      },
    });
    this.session = commitStrategy.start(this.commits);
  }

  public get partitions(): readonly AssignedPartition[] {
    return [...this.processors.keys()];
  }

  public assign(partition: AssignedPartition): void {
    const { definition, emit, onOutcomeUnknown } = this.dependencies;
    const tracker = this.commits.add(partition);
    const processor = new PartitionProcessor({
      definition,
      partition,
      tracker,
      session: this.session,
      window: this.dependencies.window,
      slots: this.slots,
      lanes: this.lanes,
      onOutcomeUnknown,
      emit,
      onReceived: (records, bytes) => {
        const now = Date.now();
        for (const recorder of this.dependencies.metrics) recorder.consumed(now, records, bytes);
      },
      onGap: () => this.commits.skipped(),
      onCommitted: (offset) => this.commits.noteCommitted(partition, offset),
      committed: () => this.commits.committed(partition),
      onFailed: (error) => this.fail(error),
    });
    this.processors.set(partition, processor);
    if (this.isPaused) processor.pause('listener');
    if (this.dependencies.isPausedByHandler(partition)) processor.pause('handler');
  }

  public accept(partition: AssignedPartition, records: readonly ConsumedRecord[], nextOffset: bigint): void {
    this.processors.get(partition)?.accept(records, nextOffset);
  }

  /**
   * Lets handlers of these partitions end, commits what is done, and forgets them.
   * @param deadline of it all, milliseconds since the epoch
   * @param limits of the handlers, and of the last commit after them, in milliseconds
   */
  public async release(
    partitions: readonly AssignedPartition[],
    deadline: number,
    limits: ReleaseLimits,
  ): Promise<void> {
    const processors = partitions.flatMap((partition) => this.processors.get(partition) ?? []);
    if (processors.length === 0) return;
    for (const { partition } of processors) this.leaving.add(partition);
    const now = Date.now();
    const margin = Math.min(COMMIT_MARGIN_MS, Math.max(0, deadline - now) / 2);
    const drained = Math.min(deadline - margin, now + limits.drainMs);
    await Promise.all(processors.map((processor) => processor.drain(drained)));
    try {
      await this.commits.commitFinal(
        processors.map(({ partition }) => partition),
        Math.min(deadline, Date.now() + limits.commitMs),
      );
    } catch (error) {
      this.dependencies.log.warn(
        `The last offsets of ${this.definition.id} could not be committed; what it did since the last commit is repeated. ${String(error)}`,
      );
    }
    this.forget(processors);
  }

  /** They belong to somebody else already. */
  public lose(partitions: readonly AssignedPartition[]): void {
    const processors = partitions.flatMap((partition) => this.processors.get(partition) ?? []);
    for (const processor of processors) processor.abandon();
    this.forget(processors);
  }

  public pause(): void {
    this.isPaused = true;
    for (const processor of this.processors.values()) processor.pause('listener');
  }

  public resume(): void {
    this.isPaused = false;
    for (const processor of this.processors.values()) processor.resume('listener');
  }

  /** Handlers have paused or resumed partitions. */
  public handlerPausesChanged(): void {
    for (const [partition, processor] of this.processors) {
      if (this.dependencies.isPausedByHandler(partition)) processor.pause('handler');
      else processor.resume('handler');
    }
  }

  /** Goes on from there, after what runs has ended. @returns false when the partition is not, or no longer, assigned, or is about to be given away */
  public async seek(partition: AssignedPartition, target: SeekTarget): Promise<boolean> {
    const processor = this.processors.get(partition);
    if (processor === undefined || this.leaving.has(partition)) return false;
    partition.pause('seek');
    await processor.drain(Date.now() + this.dependencies.drainTimeoutMs);
    // Forgetting one that leaves would take from its last commit what is done.
    if (!partition.isAssigned || this.leaving.has(partition)) return false;
    if (this.processors.get(partition) !== processor) return false;
    this.forget([processor]);
    partition.seek(target);
    this.assign(partition);
    partition.resume('window');
    partition.resume('seek');
    return true;
  }

  /** For how long the oldest call of a handler has been going on, in milliseconds; also of a partition that was given away meanwhile. */
  public get oldestCallMs(): number {
    for (const processor of this.leftBehind) if (!processor.isBusy) this.leftBehind.delete(processor);
    const all = [...this.processors.values(), ...this.leftBehind];
    return all.reduce((oldest, processor) => Math.max(oldest, processor.oldestCallMs), 0);
  }

  public status(): ListenerPartitionStatus[] {
    return [...this.processors.values()].map((processor) =>
      partitionStatus(processor, this.commits.committed(processor.partition)),
    );
  }

  /** Ends timers; its partitions have been released. */
  public end(): void {
    this.session.stop?.();
    this.commits.close();
  }

  private async commit(offsets: readonly OffsetToCommit[], deadline: number): Promise<void> {
    const { commit, definition, metrics } = this.dependencies;
    const { instrumentation } = definition;
    const sentAt = Date.now();
    try {
      if (instrumentation === null) await commit(offsets, deadline);
      else await instrumentation.commit(offsets.map(describeOffset), false, () => commit(offsets, deadline));
    } finally {
      const now = Date.now();
      for (const recorder of metrics) recorder.committed(now, now - sentAt);
    }
  }

  private fail(error: Error): void {
    if (this.hasFailed) return;
    this.hasFailed = true;
    this.dependencies.onFailed(error);
  }

  private forget(processors: readonly PartitionProcessor[]): void {
    for (const processor of processors) {
      if (this.processors.get(processor.partition) !== processor) continue;
      this.commits.remove(processor.partition);
      this.processors.delete(processor.partition);
      if (processor.isBusy) this.leftBehind.add(processor);
    }
  }
}
