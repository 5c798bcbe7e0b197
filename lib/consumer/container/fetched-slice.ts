import type { ConsumedRecord } from '../consumed-record.js';

/** Records of one partition that were fetched together: what a commit per batch counts by. */
export class FetchedSlice {
  private index = 0;
  private open: number;

  public constructor(
    private readonly records: readonly ConsumedRecord[],
    /** Offset behind the last one, and behind what follows without records. */
    public nextOffset: bigint,
  ) {
    this.open = records.length;
  }

  public get count(): number {
    return this.records.length;
  }

  /** All have been given to a handler. */
  public get isTaken(): boolean {
    return this.index >= this.records.length;
  }

  public get isDone(): boolean {
    return this.open === 0;
  }

  /** The offset behind those that have been taken. */
  public get nextUntaken(): bigint {
    return this.records[this.index]?.offset ?? this.nextOffset;
  }

  /** The next ones, at most so many. */
  public take(most: number): readonly ConsumedRecord[] {
    const records = this.records.slice(this.index, this.index + most);
    this.index += records.length;
    return records;
  }

  public done(count: number): void {
    this.open -= count;
  }
}
