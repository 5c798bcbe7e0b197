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

  /** The next ones, at most so many, and the offset that stands behind them. */
  public take(most: number): { readonly records: readonly ConsumedRecord[]; readonly nextOffset: bigint } {
    const records = this.records.slice(this.index, this.index + most);
    this.index += records.length;
    return { records, nextOffset: this.records[this.index]?.offset ?? this.nextOffset };
  }

  public done(count: number): void {
    this.open -= count;
  }
}
