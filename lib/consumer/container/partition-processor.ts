import { setImmediate as nextTurn } from 'node:timers/promises';
import { settledWithin } from '../../wire/settled-within.js';
import type { CommitSession, DoneRecords } from '../commit/commit-strategy.js';
import type { OffsetTracker } from '../commit/offset-tracker.js';
import type { ConsumedRecord } from '../consumed-record.js';
import type { AssignedPartition } from '../consumer-engine-api.js';
import type { ListenerDefinition } from '../listener-definition.js';
import type { KafkaListenerEvent } from '../listener-events.js';
import { FetchedSlice } from './fetched-slice.js';
import { commitGap } from './gap-commit.js';
import { type KeyLanes, laneName } from './key-lanes.js';
import { type PausedBy, PauseGate } from './pause-gate.js';
import { RecordRun, type RunOptions, type RunOutcome, type RunSurroundings, toError } from './record-run.js';
import { RunningCalls } from './running-calls.js';
import type { SharedWindow } from './shared-window.js';
import type { Slots } from './slots.js';

export interface PartitionProcessorDependencies {
  readonly definition: ListenerDefinition;
  readonly partition: AssignedPartition;
  readonly tracker: OffsetTracker;
  readonly session: CommitSession;
  /** Shared by the partitions of the group. */
  readonly window: SharedWindow;
  /** Shared by the partitions of the listener: how many work at a time. */
  readonly slots: Slots;
  /** Instead, when records of different keys run side by side; else null. */
  readonly lanes: KeyLanes | null;
  /** A transaction may have committed offsets, and only the group can tell, once the partitions are given out anew. */
  readonly onOutcomeUnknown: () => void;
  readonly emit: (event: KafkaListenerEvent) => void;
  /** Records have come, with so many bytes. */
  readonly onReceived: (records: number, bytes: number) => void;
  /** The watermark has moved over what holds no records. */
  readonly onGap: () => void;
  /** A transaction has committed the offset. */
  readonly onCommitted: (offset: bigint) => void;
  /** What this member has committed; null for nothing. */
  readonly committed: () => bigint | null;
  /** The listener cannot go on. */
  readonly onFailed: (error: Error) => void;
}

/** The partition is not fetched while so many records, or its share of the memory, are held here: handed to handlers, waiting for one, or done behind one that is not. */
const WINDOW_RECORDS = 5_000;
/** Records of one partition in one turn of the event loop, at most. */
const STRETCH = 256;
/** A transactional listener does not commit at once what holds no records: its next transaction may be about to. */
const GAP_COMMIT_AFTER_MS = 1_000;
const HELD = 'window';

/** Takes the records of one assigned partition through the listener's handler, in order or by key, until the partition is given away. */
export class PartitionProcessor {
  private readonly slices: FetchedSlice[] = [];
  private readonly stopping = new AbortController();
  private readonly lost = new AbortController();
  /** Runs that have not ended. */
  private active = 0;
  private heldBytes = 0;
  private isHeld = false;
  private isLooping = false;
  private hasFailed = false;
  /** Offsets in the lanes that no handler has got yet. */
  private readonly queued = new Set<bigint>();
  private highestBegun = -1n;
  /** Records in the lanes that are still to be handled although the processor ends: others behind them are done, and would be repeated. */
  private gaps = 0;
  /** Keys of which a record was not done when the processor ended: those behind it must not be handled before it. */
  private readonly broken = new Set<string | null>();
  private onIdle: (() => void)[] = [];
  private readonly calls = new RunningCalls();
  private readonly gate = new PauseGate();
  private gapTimer: NodeJS.Timeout | undefined;

  private readonly surroundings: RunSurroundings;

  public constructor(private readonly dependencies: PartitionProcessorDependencies) {
    const { definition, emit, onCommitted, onOutcomeUnknown, partition, window } = dependencies;
    window.enter();
    this.surroundings = {
      definition,
      partition,
      onOutcomeUnknown,
      onCommitted,
      emit,
      stopping: this.stopping.signal,
      signal: this.lost.signal,
      onDone: (slice, records) => this.done(slice, records),
      calls: this.calls,
      gate: this.gate,
    };
  }

  public get partition(): AssignedPartition {
    return this.dependencies.partition;
  }

  public get tracker(): OffsetTracker {
    return this.dependencies.tracker;
  }

  /** A handler has not come back, whoever has the partition now. */
  public get isBusy(): boolean {
    return this.active > 0;
  }

  public get isPaused(): boolean {
    return this.gate.isPaused;
  }

  /** For how long the oldest call of a handler has been going on, in milliseconds. */
  public get oldestCallMs(): number {
    return this.calls.oldestMs(Date.now());
  }

  public accept(records: readonly ConsumedRecord[], nextOffset: bigint): void {
    if (this.isEnding) return;
    const { lanes, tracker } = this.dependencies;
    tracker.received(records, nextOffset);
    if (records.length === 0) {
      this.acceptGap(nextOffset);
      return;
    }
    const slice = new FetchedSlice(records, nextOffset);
    const bytes = records.reduce((sum, { sizeInBytes }) => sum + sizeInBytes, 0);
    this.heldBytes += bytes;
    this.dependencies.onReceived(records.length, bytes);
    if (lanes === null) this.slices.push(slice);
    else for (const record of records) this.pushToLane(lanes, slice, record);
    this.holdIfFull();
    this.wake();
  }

  /** Nothing more is fetched, and no handler begins, of what was fetched either. */
  public pause(by: PausedBy): void {
    this.gate.pause(by);
    this.partition.pause(by);
  }

  public resume(by: PausedBy): void {
    this.gate.resume(by);
    this.partition.resume(by);
    this.wake();
  }

  /**
   * Begins nothing more, but for records that others behind them have overtaken (none of them while it is paused), and waits for what runs. What still runs at the
   * deadline is told so, and its outcome is ignored.
   */
  public async drain(deadline: number): Promise<void> {
    // Once, also where a seek waits already when the partition is given away: the one that runs by now is no longer queued, but counted.
    if (!this.isEnding) this.gaps = [...this.queued].filter((offset) => offset < this.highestBegun).length;
    this.end();
    if (!this.isIdle) {
      const idle = new Promise<void>((resolve) => {
        this.onIdle.push(resolve);
      });
      await settledWithin(idle, Math.max(0, deadline - Date.now()));
    }
    this.gaps = 0;
    this.lost.abort();
  }

  /** The partition belongs to somebody else already. */
  public abandon(): void {
    this.end();
    this.lost.abort();
  }

  private end(): void {
    if (!this.stopping.signal.aborted) this.dependencies.window.leave();
    this.stopping.abort();
    this.gate.end();
    clearTimeout(this.gapTimer);
    this.slices.length = 0;
  }

  private get isEnding(): boolean {
    return this.stopping.signal.aborted || this.hasFailed;
  }

  private get isIdle(): boolean {
    return this.active === 0 && this.gaps === 0 && !this.isLooping;
  }

  private acceptGap(nextOffset: bigint): void {
    const { definition, onGap } = this.dependencies;
    const last = this.slices.at(-1);
    if (last !== undefined) {
      last.nextOffset = nextOffset;
    } else if (definition.transaction === null) {
      onGap();
    } else {
      this.commitGapLater();
    }
  }

  private commitGapLater(): void {
    this.gapTimer ??= setTimeout(() => void this.commitGap(), GAP_COMMIT_AFTER_MS).unref();
  }

  /** Only while nothing else of the partition is under way, so that no transaction is overtaken. What waits here carries the offset itself; what runs does not. */
  private async commitGap(): Promise<void> {
    this.gapTimer = undefined;
    const { committed, definition, onCommitted, onOutcomeUnknown, tracker } = this.dependencies;
    const { watermark } = tracker;
    if (this.slices.length > 0 || this.isEnding || watermark === null) return;
    if (!this.isIdle) {
      this.commitGapLater();
      return;
    }
    if (watermark === committed()) return;
    this.isLooping = true;
    await commitGap({
      definition,
      partition: this.partition,
      nextOffset: watermark,
      onCommitted,
      onOutcomeUnknown,
      stopping: this.stopping.signal,
    });
    this.isLooping = false;
    this.ended();
    this.wake();
  }

  private wake(): void {
    if (this.isLooping || this.isPaused || this.isEnding || this.slices.length === 0) return;
    this.isLooping = true;
    void this.loop();
  }

  private async loop(): Promise<void> {
    const { slots } = this.dependencies;
    while (this.mayBegin()) {
      await slots.acquire();
      try {
        for (let count = 0; count < STRETCH; count++) {
          const [slice] = this.slices;
          if (slice === undefined || !this.mayBegin()) break;
          await this.next(slice);
        }
      } finally {
        slots.release();
      }
      await nextTurn();
    }
    this.isLooping = false;
    this.ended();
  }

  private mayBegin(): boolean {
    return this.slices.length > 0 && !this.isPaused && !this.isEnding;
  }

  private next(slice: FetchedSlice): Promise<unknown> {
    const { definition } = this.dependencies;
    const records = slice.take(definition.isBatch ? definition.maxBatchRecords : 1);
    const { nextUntaken: nextOffset } = slice;
    if (slice.isTaken) this.slices.shift();
    return this.run({ slice, records, nextOffset, park: this.withoutSlot });
  }

  private readonly withoutSlot = async (wait: () => Promise<void>): Promise<void> => {
    const { slots } = this.dependencies;
    slots.release();
    await wait();
    await slots.acquire();
  };

  private pushToLane(lanes: KeyLanes, slice: FetchedSlice, record: ConsumedRecord): void {
    const { offset } = record;
    this.queued.add(offset);
    lanes.push({ partition: this.partition, key: record.key }, async (park) => {
      // Here, so that what waits for the end of a pause counts as not begun.
      if (this.isPaused) await this.gate.pass(park);
      this.queued.delete(offset);
      const isGap = this.gaps > 0 && offset < this.highestBegun;
      const key = laneName(record.key);
      if ((!this.isEnding || isGap) && !this.broken.has(key)) {
        if (offset > this.highestBegun) this.highestBegun = offset;
        const outcome = await this.run({ slice, records: [record], nextOffset: offset + 1n, park });
        if (outcome.kind !== 'done') this.broken.add(key);
      }
      if (isGap) this.gaps--;
      this.ended();
    });
  }

  /** Ends when the next record may begin. */
  private async run(options: RunOptions): Promise<RunOutcome> {
    this.active++;
    this.dependencies.definition.instrumentation?.received(options.records);
    const outcome = await new RecordRun(this.surroundings, options).run();
    if (outcome.kind === 'failed') {
      this.hasFailed = true;
      this.dependencies.onFailed(outcome.error);
    }
    this.active--;
    this.ended();
    return outcome;
  }

  private done(slice: FetchedSlice, records: readonly ConsumedRecord[]): Promise<void> | null {
    if (this.lost.signal.aborted) return null;
    const { session, tracker } = this.dependencies;
    for (const record of records) {
      tracker.done(record);
      this.heldBytes -= record.sizeInBytes;
    }
    slice.done(records.length);
    this.releaseIfRoom();
    const afterRecord =
      session.afterRecord === undefined ? null : this.decide((done) => session.afterRecord?.(done), records.length);
    if (!slice.isDone || session.afterBatch === undefined) return afterRecord;
    const afterBatch = this.decide((done) => session.afterBatch?.(done), slice.count);
    return afterRecord === null || afterBatch === null
      ? (afterRecord ?? afterBatch)
      : Promise.all([afterRecord, afterBatch]).then(() => undefined);
  }

  /** @returns what the strategy wants to be waited for, if for anything; never rejects, and neither does what is returned */
  private decide(call: (done: DoneRecords) => void | Promise<void>, count: number): Promise<void> | null {
    const { topic, partition } = this.partition;
    try {
      const commit = call({ topic, partition, count });
      return commit instanceof Promise ? commit.catch((error: unknown) => this.strategyFailed(error)) : null;
    } catch (error) {
      this.strategyFailed(error);
      return null;
    }
  }

  private strategyFailed(error: unknown): void {
    this.dependencies.onFailed(toError(error));
  }

  private holdIfFull(): void {
    const { share } = this.dependencies.window;
    if (this.isHeld || (this.tracker.windowSize < WINDOW_RECORDS && this.heldBytes < share)) return;
    this.isHeld = true;
    this.partition.pause(HELD);
  }

  private releaseIfRoom(): void {
    if (!this.isHeld || this.tracker.windowSize > WINDOW_RECORDS / 2) return;
    if (this.heldBytes > this.dependencies.window.share / 2) return;
    this.isHeld = false;
    this.partition.resume(HELD);
  }

  private ended(): void {
    if (!this.isIdle) return;
    for (const resolve of this.onIdle.splice(0)) resolve();
  }
}
