/**
 * The account of `buffer.memory` (Kafka's `BufferPool`). It counts bytes and pools nothing: there is no thread to block, so whoever
 * gets no memory waits in the accumulator's queue, and is looked at again when `release` reports free bytes.
 */
export class BufferMemory {
  private free: number;
  private releasedTime = 0;

  /** @param totalBytes `buffer.memory` */
  public constructor(
    public readonly totalBytes: number,
    private readonly onRelease: () => void,
  ) {
    this.free = totalBytes;
  }

  public get availableBytes(): number {
    return this.free;
  }

  /** When memory was last given back, as milliseconds since the epoch; 0 before the first time. */
  public get releasedAt(): number {
    return this.releasedTime;
  }

  public tryAllocate(bytes: number): boolean {
    if (bytes > this.free) return false;
    this.free -= bytes;
    return true;
  }

  public release(bytes: number): void {
    this.free = Math.min(this.totalBytes, this.free + bytes);
    this.releasedTime = Date.now();
    this.onRelease();
  }
}
