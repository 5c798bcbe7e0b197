import { Fifo } from '../../wire/fifo.js';
import type { SerializedRecord } from './record-serializer.js';
import type { WaitingMemory } from './waiting-memory.js';
import type { SendFilter, TakenSend, WaitingSegment, WaitingSend } from './waiting-segment.js';

/** From where a send is moved to a line: it keeps its generation, and waits for memory alone from now on. */
export interface Origin {
  readonly generation: number;
  readonly readyAt: number;
}

export type TakeSends = (sends: readonly TakenSend[]) => void;

/** Sends that wait, first come, first served, in segments of `WaitingMemory`. */
export class WaitingLine {
  private readonly segments = new Fifo<WaitingSegment>();
  /** Where the last `shift` took a send from, which may be put back. */
  private shifted: WaitingSegment | undefined;
  private waiting = 0;
  private segmentBytes = 0;

  public constructor(private readonly memory: WaitingMemory) {}

  public get length(): number {
    return this.waiting;
  }

  /** When the one that has waited longest has started; infinity when nobody waits. */
  public get oldestStart(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const segment of this.segments) oldest = Math.min(oldest, segment.oldestStart);
    return oldest;
  }

  /** No send here has a higher partition. */
  public get highestPartition(): number {
    let highest = Number.NEGATIVE_INFINITY;
    for (const segment of this.segments) highest = Math.max(highest, segment.highestPartition);
    return highest;
  }

  /** Whether anyone waits that has come before the end of that generation. */
  public hasAnyOf(generation: number): boolean {
    for (const segment of this.segments) if (segment.generation <= generation && segment.length > 0) return true;
    return false;
  }

  /** Whether anyone here may wait with a record for the topic: one that has left not long ago counts, too. */
  public mayHold(topic: string): boolean {
    for (const segment of this.segments) if (segment.mayHold(topic)) return true;
    return false;
  }

  /** @param origin where it has waited before, if it has */
  public push(send: WaitingSend, record: SerializedRecord, origin?: Origin): void {
    const segment = this.segmentFor(record, origin);
    const before = segment.objectBytes;
    segment.push(send, record);
    this.changed(1, segment.objectBytes - before);
  }

  /** Takes the first; its record is valid until the next one is taken. */
  public shift(): TakenSend | undefined {
    for (let segment = this.segments.peek(); segment !== undefined; segment = this.segments.peek()) {
      const before = segment.objectBytes;
      const send = segment.shift();
      if (send !== undefined) {
        this.changed(-1, segment.objectBytes - before);
        this.shifted = segment;
        return send;
      }
      this.segments.shift();
      this.removed(segment);
      this.memory.recycle(segment);
    }
    this.shifted = undefined;
    return undefined;
  }

  /** Undoes the last `shift`. */
  public putBack(send: TakenSend): void {
    const { segment } = send;
    if (this.segments.peek() !== segment) {
      this.segments.unshift(segment);
      this.added(segment);
    }
    const before = segment.objectBytes;
    segment.putBack(send);
    this.changed(1, segment.objectBytes - before);
  }

  /** Takes out those that have started by then, in order; what is called may add to this line, and take from it. */
  public takeStartedBy(time: number, take: TakeSends): void {
    for (const segment of Array.from(this.segments)) {
      if (segment.oldestStart <= time) this.extract(segment, (startedAt) => startedAt <= time, take);
    }
  }

  /** Takes out those that fit into so many partitions, in order. */
  public takePlaceable(partitionCount: number, take: TakeSends): void {
    for (const segment of Array.from(this.segments)) {
      this.extract(segment, (_, partition) => partition < partitionCount, take);
    }
  }

  /** Takes over another line, behind what waits here. */
  public append(line: WaitingLine, now: number): void {
    for (const segment of line.segments) {
      segment.readyAt = now;
      this.segments.push(segment);
    }
    this.waiting += line.waiting;
    this.segmentBytes += line.segmentBytes;
  }

  private extract(segment: WaitingSegment, matches: SendFilter, take: TakeSends): void {
    const before = segment.objectBytes;
    const sends = segment.extract(matches);
    if (sends.length === 0) return;
    this.changed(-sends.length, segment.objectBytes - before);
    if (segment.length > 0) {
      take(sends);
      return;
    }
    this.removeEmpty(segment);
    take(sends);
    if (segment !== this.shifted) this.memory.recycle(segment);
  }

  /** Mostly it is among the first: the oldest give up first. */
  private removeEmpty(segment: WaitingSegment): void {
    let isRemoved = false;
    for (let first = this.segments.peek(); first?.length === 0; first = this.segments.peek()) {
      this.segments.shift();
      this.removed(first);
      isRemoved ||= first === segment;
    }
    if (isRemoved) return;
    this.segments.extract((item) => item === segment);
    this.removed(segment);
  }

  private segmentFor(record: SerializedRecord, origin: Origin | undefined): WaitingSegment {
    const generation = origin?.generation ?? this.memory.generation;
    const tail = this.segments.last();
    const isOfItsKind = tail?.generation === generation && (origin === undefined || tail.readyAt === origin.readyAt);
    if (tail !== undefined && isOfItsKind && tail.hasRoomFor(record)) return tail;
    const segment = this.memory.openSegment(record, this.segmentBytes, generation);
    if (origin !== undefined) segment.readyAt = origin.readyAt;
    this.segmentBytes += segment.bytes.length;
    this.segments.push(segment);
    return segment;
  }

  private added(segment: WaitingSegment): void {
    this.memory.segmentAdded(segment);
    this.segmentBytes += segment.bytes.length;
  }

  private removed(segment: WaitingSegment): void {
    this.memory.segmentRemoved(segment);
    this.segmentBytes -= segment.bytes.length;
  }

  private changed(sends: number, objectBytes: number): void {
    this.waiting += sends;
    this.memory.objectsChanged(objectBytes);
  }
}
