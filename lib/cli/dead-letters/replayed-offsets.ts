import { decodeLeft, encodeLeft, type Run } from './left-runs.js';

/** A place in a partition from which the next replay goes on, as it is committed for the group of the replay. */
export interface ReplayBookmark {
  readonly offset: bigint;
  /** What is already sent behind the offset; the empty text when nothing is. */
  readonly metadata: string;
}

/**
 * Which records of a partition have been sent back. Mostly that is everything below an offset. Records that a replay has left (another group, another error) are remembered as
 * runs, so that a later replay finds them and sends nothing twice. Records are passed in the order of their offsets; holes between them count as the record before.
 */
export class ReplayedOffsets {
  /** Left by this run, in order. */
  private readonly left: Run[] = [];
  /** Of this run; everything below is decided. */
  private cursor: bigint;

  private constructor(
    start: bigint,
    /** Left by former runs. */
    private readonly formerLeft: readonly Run[],
    /** Former runs have come so far. */
    private readonly formerEnd: bigint,
  ) {
    this.cursor = start;
  }

  /**
   * @param committed of the group; null when there is nothing
   * @param logStart the first offset that is there
   */
  public static from(committed: ReplayBookmark | null, logStart: bigint): ReplayedOffsets {
    if (committed === null) return new ReplayedOffsets(logStart, [], logStart);
    const { end, left } = decodeLeft(committed.offset, committed.metadata);
    const start = committed.offset > logStart ? committed.offset : logStart;
    return new ReplayedOffsets(start, left, end);
  }

  /** Where to begin to read. */
  public get position(): bigint {
    return this.left[0]?.start ?? this.cursor;
  }

  /** Whether a former run has sent it back. */
  public isReplayed(offset: bigint): boolean {
    return offset < this.formerEnd && !this.formerLeft.some(({ end, start }) => offset >= start && offset < end);
  }

  /** The record is sent back, now or before. */
  public replayed(offset: bigint): void {
    this.cursor = offset + 1n;
  }

  /** The record stays. */
  public leave(offset: bigint): void {
    const last = this.left.at(-1);
    // What lies between two that are left is no record: it may belong to the run.
    if (last !== undefined && last.end === this.cursor) last.end = offset + 1n;
    else this.left.push({ start: offset, end: offset + 1n });
    this.cursor = offset + 1n;
  }

  /** Everything below is decided: only markers, or nothing, lie before it. */
  public passed(offset: bigint): void {
    if (offset > this.cursor) {
      const last = this.left.at(-1);
      if (last !== undefined && last.end === this.cursor) last.end = offset;
      this.cursor = offset;
    }
  }

  /** @returns null when what is left is too scattered to be remembered */
  public bookmark(): ReplayBookmark | null {
    const ahead = this.formerLeft
      .filter(({ end }) => end > this.cursor)
      .map(({ end, start }) => ({ start: start > this.cursor ? start : this.cursor, end }));
    const left = joined([...this.left, ...ahead]);
    const end = this.formerEnd > this.cursor ? this.formerEnd : this.cursor;
    const offset = left[0]?.start ?? end;
    const metadata = left.length === 0 ? '' : encodeLeft({ offset, end, left });
    return metadata === null ? null : { offset, metadata };
  }
}

function joined(runs: readonly Run[]): Run[] {
  const result: Run[] = [];
  for (const { end, start } of runs) {
    const last = result.at(-1);
    if (last !== undefined && last.end >= start) last.end = end;
    else result.push({ start, end });
  }
  return result;
}
