/** A partition may hold so much, in bytes, while there are few of them. */
const MOST_OF_ONE = 4_194_304;
/** What all partitions of a group may hold together, in bytes, before the share of each gets smaller. */
const ALL = 67_108_864;
/** Less would cost a request for every few records. */
const LEAST_OF_ONE = 65_536;

/** Shares the memory for records among the assigned partitions of a group, so that slow handlers of many partitions do not add up to whatever the heap has. */
export class SharedWindow {
  private partitions = 0;

  /** What a partition may hold at the moment, in bytes. */
  public get share(): number {
    return Math.max(LEAST_OF_ONE, Math.min(MOST_OF_ONE, Math.floor(ALL / Math.max(1, this.partitions))));
  }

  public enter(): void {
    this.partitions++;
  }

  public leave(): void {
    this.partitions--;
  }
}
