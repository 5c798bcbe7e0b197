import type { LogPiece } from '../records/read-to-end.js';
import { type DeadLetter, readDeadLetter } from './dead-letter.js';
import { decideReplay, type LeftReason, type ReplayRules } from './replay-decision.js';
import type { RecordSlice } from '../records/record-slice.js';
import { type ReplayBookmark, ReplayedOffsets } from './replayed-offsets.js';

/** A dead letter, and what becomes of it. */
export interface ScannedLetter {
  readonly letter: DeadLetter;
  /** Where to; null when it is left. */
  readonly topic: string | null;
  readonly left: LeftReason | null;
}

/** Goes through the records of a dead-letter topic, and keeps count of how far it has come. */
export class ReplayScan {
  private readonly offsets = new Map<number, ReplayedOffsets>();
  private readonly changed = new Set<number>();

  public constructor(
    private readonly log: readonly LogPiece[],
    bookmarks: ReadonlyMap<number, ReplayBookmark>,
    private readonly rules: ReplayRules,
  ) {
    for (const { partition, start } of log) {
      this.offsets.set(partition, ReplayedOffsets.from(bookmarks.get(partition) ?? null, start));
    }
  }

  /** What is to be read. */
  public get pieces(): LogPiece[] {
    return this.log.map((piece) => ({ ...piece, start: this.offsets.get(piece.partition)?.position ?? piece.start }));
  }

  /** The records of a slice that no former replay has sent. The next one is given when `sent` or `left` was called for the one before. */
  public *letters({ records }: RecordSlice): Generator<ScannedLetter> {
    for (const record of records) {
      const offsets = this.offsets.get(record.partition);
      if (offsets === undefined) continue;
      if (offsets.isReplayed(record.offset)) {
        offsets.replayed(record.offset);
        continue;
      }
      const letter = readDeadLetter(record);
      const { left = null, ...decision } = decideReplay(letter, this.rules);
      yield { letter, topic: 'topic' in decision ? decision.topic : null, left };
    }
  }

  public sent({ record: { offset, partition } }: DeadLetter): void {
    this.offsets.get(partition)?.replayed(offset);
    this.changed.add(partition);
  }

  public left({ record: { offset, partition } }: DeadLetter): void {
    this.offsets.get(partition)?.leave(offset);
    this.changed.add(partition);
  }

  /** Everything of a slice is decided. */
  public passed({ nextOffset, partition: { partition } }: RecordSlice): void {
    this.offsets.get(partition)?.passed(nextOffset);
    this.changed.add(partition);
  }

  /**
   * The bookmarks that have changed since the last call.
   * @returns null when too much is left here and there
   */
  public takeBookmarks(): Map<number, ReplayBookmark> | null {
    const taken = new Map<number, ReplayBookmark>();
    for (const partition of this.changed) {
      const bookmark = this.offsets.get(partition)?.bookmark() ?? null;
      if (bookmark === null) return null;
      taken.set(partition, bookmark);
    }
    this.changed.clear();
    return taken;
  }
}
