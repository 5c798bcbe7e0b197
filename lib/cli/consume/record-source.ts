import type { RecordSlice } from '../records/record-slice.js';

/** Where the records to print come from. */
export interface RecordSource {
  /**
   * Waits for records; what came before is done with.
   * @param limitMs null: as long as it takes
   * @returns null when the time is over, or `stop` was aborted
   */
  next(limitMs: number | null, stop: AbortSignal): Promise<RecordSlice | null>;
  /** Everything of the slice below an offset was printed. */
  printed(slice: RecordSlice, nextOffset: bigint): Promise<void>;
  /** Commits what is still to be committed. @throws when that fails */
  finish(): Promise<void>;
}
