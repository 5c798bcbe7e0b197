import type { ConsumedRecord } from '../consumed-record.js';
import { ReceivedSet } from './received-set.js';

/** Counts records that are done, over all partitions of a listener. */
export interface DoneTally {
  records: number;
}

const NONE = { offset: -1n, leaderEpoch: -1 };
/** Sets at the front that are passed are cut off in one go once there are so many. */
const TRIM_AT = 32;

/**
 * Which records of one assigned partition are done, in whatever order, and up to where that is without a gap: the watermark, the only offset that may be committed.
 * A record is told by its object. So what was forgotten by `rewind` or `reset` does not count when it is done after all, not even when the same offset has been
 * fetched again.
 */
export class OffsetTracker {
  /** In the order of offsets; those before `front` are passed. */
  private readonly sets: (ReceivedSet | undefined)[] = [];
  private front = 0;
  /** null until it is known. */
  private nextOffset: bigint | null = null;
  /** The last record of the sets that are passed. */
  private lastPassed = NONE;
  private undone = 0;
  private held = 0;
  private completed = 0;

  public constructor(private readonly tally: DoneTally = { records: 0 }) {}

  /** The first offset that is not done; gaps between received offsets are harmless. null before anything is known. */
  public get watermark(): bigint | null {
    return this.head?.head?.offset ?? this.nextOffset;
  }

  /** Leader epoch of the record before the watermark; -1 when it is not known for sure. */
  public get watermarkLeaderEpoch(): number {
    const first = this.head?.head;
    const watermark = first?.offset ?? this.nextOffset;
    const { leaderEpoch, offset } = this.head?.passed ?? this.lastPassed;
    // A marker in a gap may be of a later epoch, and an epoch that ends before the offset would look like a truncated log.
    return watermark === offset + 1n || first?.leaderEpoch === leaderEpoch ? leaderEpoch : -1;
  }

  /** Records that were received and are not done. */
  public get inFlight(): number {
    return this.undone;
  }

  /** Records that were received and stand at or above the watermark, done or not. */
  public get windowSize(): number {
    return this.held;
  }

  /** When the record at the watermark was received, in milliseconds since the epoch; null when nothing is in flight. */
  public get oldestInFlightAt(): number | null {
    return this.head?.receivedAt ?? null;
  }

  /** Records that were done so far. */
  public get doneRecords(): number {
    return this.completed;
  }

  /**
   * @param records in order; may be empty
   * @param nextOffset everything below it has been received or is not there
   */
  public received(records: readonly ConsumedRecord[], nextOffset: bigint): void {
    const [first] = records;
    const from = first?.offset ?? nextOffset;
    // Reading has gone back without a word: what comes again is to be done again.
    if (this.nextOffset !== null && from < this.nextOffset) this.rewind(from);
    this.nextOffset = nextOffset;
    if (first === undefined) return;
    this.sets.push(new ReceivedSet(records, first, Date.now()));
    this.undone += records.length;
    this.held += records.length;
  }

  /** @returns false when it does not count: it was done before, or has been forgotten */
  public done(record: ConsumedRecord): boolean {
    const { head } = this;
    if (head === undefined) return false;
    if (head.head === record) {
      head.done(head.cursor, record.leaderEpoch);
      this.pass(head);
    } else if (!this.doneOutOfOrder(record)) return false;
    this.undone--;
    this.completed++;
    this.tally.records++;
    return true;
  }

  /** Reading goes on from there: forgets everything at or above. Work below stays, and the watermark with it. */
  public rewind(to: bigint): void {
    const { watermark } = this;
    if (watermark === null || to <= watermark) {
      this.reset(to);
      return;
    }
    for (let index = this.sets.length - 1; index >= this.front; index--) {
      const set = this.sets[index];
      if (set === undefined) break;
      const { forgotten, inFlight } = set.cut(to);
      this.held -= forgotten;
      this.undone -= inFlight;
      if (set.cursor < set.length) break;
      this.sets.pop();
    }
    this.nextOffset = to;
  }

  /** Reading goes on somewhere else, on somebody's order: forgets everything. null when the offset will be known only with the next records. */
  public reset(to: bigint | null): void {
    this.sets.length = 0;
    this.front = 0;
    this.undone = 0;
    this.held = 0;
    this.nextOffset = to;
    this.lastPassed = NONE;
  }

  private get head(): ReceivedSet | undefined {
    return this.sets[this.front];
  }

  private doneOutOfOrder(record: ConsumedRecord): boolean {
    const set = this.setOf(record.offset);
    const index = set?.indexOf(record) ?? -1;
    if (set === undefined || index < 0) return false;
    set.done(index, record.leaderEpoch);
    return true;
  }

  /** The last set that begins at or below an offset. */
  private setOf(offset: bigint): ReceivedSet | undefined {
    let low = this.front;
    let high = this.sets.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.sets[middle]?.firstOffset ?? 0n) <= offset) low = middle;
      else high = middle - 1;
    }
    return this.sets[low];
  }

  /** Moves the watermark over everything that is done without a gap. */
  private pass(head: ReceivedSet): void {
    let set: ReceivedSet | undefined = head;
    while (set !== undefined) {
      this.held -= set.advance();
      if (set.cursor < set.length) return;
      this.lastPassed = set.passed ?? NONE;
      this.sets[this.front] = undefined;
      this.front++;
      set = this.head;
    }
    this.trim();
  }

  private trim(): void {
    if (this.front < this.sets.length && this.front < TRIM_AT) return;
    this.sets.splice(0, this.front);
    this.front = 0;
  }
}
