import type { SerializedRecord } from './record-serializer.js';
import { objectCost, storedBytes, WaitingSegment } from './waiting-segment.js';

/** Small while few wait, then this. */
const SEGMENT_BYTES = 64 * 1024;
const FIRST_SEGMENT_BYTES = 4 * 1024;
/** Larger records have a segment of their own, so that little of a segment's end is wasted. */
const LARGE_RECORD_BYTES = SEGMENT_BYTES / 4;
/** A segment's own objects. */
const SEGMENT_OBJECTS_BYTES = 768;
/** Buffers kept for the next segments, while somebody waits and later: freed ones come back to the process only with a garbage collection. */
const MAX_SPARE_BUFFERS = 384;
const MAX_IDLE_SPARE_BUFFERS = 16;

/** The account of what waiting sends hold, over all lines: bytes of records and objects. */
export class WaitingMemory {
  private held = 0;
  private readonly spares: Buffer[] = [];
  private newest = 0;

  /** Bytes that all waiting sends hold. */
  public get heldBytes(): number {
    return this.held;
  }

  /** Goes up when those that wait now have to be told from later ones: a segment holds sends of one generation. */
  public get generation(): number {
    return this.newest;
  }

  /** @returns the generation that ends with it */
  public nextGeneration(): number {
    return this.newest++;
  }

  /** What one more send takes. */
  public costOf(record: SerializedRecord, hasOriginal: boolean): number {
    return storedBytes(record) + objectCost(record.keySize, record.valueSize, hasOriginal);
  }

  /** @param lineBytes in the segments of the line that it is for */
  public openSegment(record: SerializedRecord, lineBytes: number, generation: number): WaitingSegment {
    const needed = storedBytes(record);
    const size =
      needed > LARGE_RECORD_BYTES
        ? needed
        : Math.max(needed, Math.min(SEGMENT_BYTES, Math.max(FIRST_SEGMENT_BYTES, lineBytes)));
    const spare = size === SEGMENT_BYTES ? this.spares.pop() : undefined;
    const segment = new WaitingSegment(spare ?? Buffer.allocUnsafeSlow(size), generation);
    this.segmentAdded(segment);
    return segment;
  }

  public segmentAdded({ bytes }: WaitingSegment): void {
    this.held += bytes.length + SEGMENT_OBJECTS_BYTES;
  }

  public segmentRemoved({ bytes }: WaitingSegment): void {
    this.held -= bytes.length + SEGMENT_OBJECTS_BYTES;
  }

  /** Keeps the buffer of a removed segment that nobody reads any more. */
  public recycle({ bytes }: WaitingSegment): void {
    if (bytes.length === SEGMENT_BYTES && this.spares.length < MAX_SPARE_BUFFERS) this.spares.push(bytes);
  }

  /** Nobody waits. */
  public trim(): void {
    if (this.spares.length > MAX_IDLE_SPARE_BUFFERS) this.spares.length = MAX_IDLE_SPARE_BUFFERS;
  }

  public objectsChanged(bytes: number): void {
    this.held += bytes;
  }
}
