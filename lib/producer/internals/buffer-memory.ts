/**
 * The account of `buffer.memory` (Kafka's `BufferPool`). It counts bytes and pools nothing: there is no thread to block, so whoever
 * gets no memory waits in the accumulator's queue, and is looked at again when `release` reports free bytes.
 */
export class BufferMemory {
  private free: number;
  private releaseCount = 0;
  private releasesBeforeLoad = 0;

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

  /** How often memory has been given back. */
  public get releases(): number {
    return this.releaseCount;
  }

  /** Whether memory has been given back since it was last wholly free. */
  public get isMoving(): boolean {
    return this.releaseCount > this.releasesBeforeLoad;
  }

  public tryAllocate(bytes: number): boolean {
    if (bytes > this.free) return false;
    this.free -= bytes;
    return true;
  }

  public release(bytes: number): void {
    this.free = Math.min(this.totalBytes, this.free + bytes);
    this.releaseCount++;
    if (this.free === this.totalBytes) this.releasesBeforeLoad = this.releaseCount;
    this.onRelease();
  }
}
