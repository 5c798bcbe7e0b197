import type { ConsumedRecord } from '../consumed-record.js';

/** Records that were received together, and which of them are done. Lets go of a record once it is done, so that a slow one does not keep the others in memory. */
export class ReceivedSet {
  /** Index of the first record that is not done. */
  public cursor = 0;
  public readonly firstOffset: bigint;
  /** A record that is not done, or the leader epoch of one that is. */
  private readonly slots: (ConsumedRecord | number)[];
  /** null when offsets follow each other without a gap, as they do unless a topic is compacted or transactional. */
  private readonly offsets: readonly bigint[] | null;

  /** @param records at least one, in order */
  public constructor(
    records: readonly ConsumedRecord[],
    first: ConsumedRecord,
    public readonly receivedAt: number,
  ) {
    this.slots = [...records];
    this.firstOffset = first.offset;
    const last = records.at(-1) ?? first;
    const isDense = last.offset - first.offset === BigInt(records.length - 1);
    this.offsets = isDense ? null : records.map(({ offset }) => offset);
  }

  public get length(): number {
    return this.slots.length;
  }

  /** The first record that is not done; undefined when there is none. */
  public get head(): ConsumedRecord | undefined {
    const slot = this.slots[this.cursor];
    return typeof slot === 'object' ? slot : undefined;
  }

  /** The last record below the cursor; undefined when there is none. */
  public get passed(): { readonly offset: bigint; readonly leaderEpoch: number } | undefined {
    const slot = this.slots[this.cursor - 1];
    return typeof slot === 'number' ? { offset: this.offsetAt(this.cursor - 1), leaderEpoch: slot } : undefined;
  }

  /** @returns where this very record stands that is not done; -1 when it does not: it is done, or was forgotten and fetched again */
  public indexOf(record: ConsumedRecord): number {
    const index = this.firstIndexFrom(record.offset);
    return this.slots[index] === record ? index : -1;
  }

  public done(index: number, leaderEpoch: number): void {
    this.slots[index] = leaderEpoch;
  }

  /** Moves the cursor over what is done, and tells over how many. */
  public advance(): number {
    const before = this.cursor;
    while (typeof this.slots[this.cursor] === 'number') this.cursor++;
    return this.cursor - before;
  }

  /** Forgets what stands at or above an offset, which is above the head's. @returns how many it has forgotten, and how many of them were not done */
  public cut(offset: bigint): { readonly forgotten: number; readonly inFlight: number } {
    const from = this.firstIndexFrom(offset);
    const forgotten = this.slots.length - from;
    let inFlight = 0;
    for (let index = from; index < this.slots.length; index++) {
      if (typeof this.slots[index] === 'object') inFlight++;
    }
    this.slots.length = from;
    return { forgotten, inFlight };
  }

  private offsetAt(index: number): bigint {
    return this.offsets?.[index] ?? this.firstOffset + BigInt(index);
  }

  /** Index of the first record at or above an offset; the length when all are below. */
  private firstIndexFrom(offset: bigint): number {
    const distance = offset - this.firstOffset;
    if (distance <= 0n) return 0;
    // Gaps only ever move a record to the front of where it would be without them.
    let high = distance < BigInt(this.slots.length) ? Number(distance) : this.slots.length;
    if (this.offsets === null) return high;
    let low = 0;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.offsetAt(middle) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
