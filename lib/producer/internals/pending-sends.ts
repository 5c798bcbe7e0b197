import type { SerializedRecord } from './record-serializer.js';
import { WaitingLine } from './waiting-line.js';
import { WaitingMemory } from './waiting-memory.js';
import type { TakenSend, WaitingSend } from './waiting-segment.js';

/**
 * What sends may hold while they wait, beyond `buffer.memory`. A thread that waits holds one record; here every call that is not awaited
 * holds one. While the brokers take records a burst may wait its turn: a million records of 100 bytes. While they do not, a fire-and-forget loop must not
 * fill the heap: a young process, whose heap has yet to grow by what such a loop needs anyway, stays within `buffer.memory` + 64 MiB.
 */
export const MAX_WAITING_BYTES_WHILE_MOVING = 448 * 1024 * 1024;
export const MAX_WAITING_BYTES = 24 * 1024 * 1024;

export interface PendingSendsDependencies {
  /** `max.block.ms` */
  readonly maxBlockMs: number;
  /** Bytes of `buffer.memory` not in use. */
  readonly availableMemory: () => number;
  /** 0 while the topic is not known, or records cannot be placed yet. */
  readonly partitionCount: (topic: string) => number;
  /** The brokers do not take records. */
  readonly isStandstill: () => boolean;
  /** Why the topic can never be used. */
  readonly finalError: (topic: string) => Error | undefined;
  /** @returns false when there is no memory; then `partition` may have been chosen, and is kept */
  readonly append: (send: WaitingSend, record: SerializedRecord) => boolean;
  readonly timeoutError: (send: WaitingSend, waitsForMemory: boolean, waitedMs: number) => Error;
  readonly fail: (send: WaitingSend, error: Error) => void;
  readonly onMemoryWaited: (ms: number) => void;
}

/** Somebody who waits until those of a generation, and all before, wait no more. */
interface DrainListener {
  readonly generation: number;
  readonly resolve: () => void;
}

/**
 * The sends that wait, in order: for metadata per topic, then for memory in one line. What waits is never overtaken by a later send to
 * the same topic (the place of the blocked threads in Kafka's `KafkaProducer.doSend` and `BufferPool`).
 */
export class PendingSends {
  private readonly memory = new WaitingMemory();
  /** Sends whose topic or partition is not known. */
  private readonly byTopic = new Map<string, WaitingLine>();
  private readonly forMemory = new WaitingLine(this.memory);
  private drainListeners: DrainListener[] = [];
  private timer: NodeJS.Timeout | undefined;
  private draining = false;
  /** `failAll` was called while the line moved. */
  private failure: Error | null = null;

  public constructor(private readonly dependencies: PendingSendsDependencies) {}

  public get size(): number {
    let size = this.forMemory.length;
    for (const line of this.byTopic.values()) size += line.length;
    return size;
  }

  /** Sends that wait for memory: then nothing lingers, and later sends join the line. */
  public get waitsForMemory(): boolean {
    return this.forMemory.length > 0;
  }

  public get waitsForMetadata(): boolean {
    return this.byTopic.size > 0;
  }

  /** Whether a send to the topic may wait, for its metadata or for memory. */
  public waitsFor(topic: string): boolean {
    return this.byTopic.has(topic) || this.forMemory.mayHold(topic);
  }

  public get waitingBytes(): number {
    return this.memory.heldBytes;
  }

  /** Whether one more record may wait. */
  public hasRoomFor(record: SerializedRecord, keepsOriginal: boolean): boolean {
    const { availableMemory, isStandstill } = this.dependencies;
    const beyond = this.memory.heldBytes + this.memory.costOf(record, keepsOriginal) - availableMemory();
    return beyond <= MAX_WAITING_BYTES || (beyond <= MAX_WAITING_BYTES_WHILE_MOVING && !isStandstill());
  }

  /** Milliseconds that the oldest has waited; 0 when nobody waits. */
  public oldestAge(now: number): number {
    return Math.max(0, now - Math.min(now, this.oldestStart()));
  }

  /** Takes a copy of the record's bytes. */
  public add(send: WaitingSend, record: SerializedRecord): void {
    const isPlaceable = this.dependencies.partitionCount(send.topic) > Math.max(0, send.partition);
    const line = isPlaceable ? this.forMemory : this.topicLine(send.topic);
    line.push(send, record);
    if (this.dependencies.maxBlockMs === 0) this.expire();
    else this.armTimer();
  }

  /** Metadata has changed: moves on whatever can be placed now, and fails what never can. */
  public metadataChanged(): void {
    const lines = [...this.byTopic];
    const refused: [WaitingLine, Error][] = [];
    this.byTopic.clear();
    for (const [topic, line] of lines) {
      const error = this.dependencies.finalError(topic);
      if (error === undefined) this.moveOn(topic, line);
      else refused.push([line, error]);
    }
    // Only when all others stand in their lines again: a callback may send to any topic, flush, or end it all.
    for (const [line, error] of refused) this.failLine(line, error);
    this.memoryReleased();
  }

  /** Memory has become free: appends in order as far as it goes. */
  public memoryReleased(): void {
    if (this.draining) return;
    this.draining = true;
    this.failure = null;
    // A send leaves the line before it is appended: its callback may close the producer, which fails all that stand in line.
    for (let head = this.forMemory.shift(); head !== undefined; head = this.forMemory.shift()) {
      if (this.append(head)) continue;
      // A partitioner of the user's may have closed the producer, too.
      if (this.failure !== null) this.dependencies.fail(head, this.failure);
      else this.forMemory.putBack(head);
      break;
    }
    this.draining = false;
    this.afterLeaving();
  }

  /** Fails everything that waits for metadata. */
  public failMetadataWaiters(error: Error): void {
    const lines = [...this.byTopic.values()];
    this.byTopic.clear();
    for (const line of lines) this.failLine(line, error);
    this.afterLeaving();
  }

  /** Fails all that waits now: the producer ends, or the transaction that it belongs to. */
  public failAll(error: Error): void {
    this.failure = error;
    this.failMetadataWaiters(error);
    this.failLine(this.forMemory, error);
    this.afterLeaving();
  }

  /** Resolves when nothing that waits now is waiting any more; later sends do not count. */
  public drained(): Promise<void> {
    if (this.size === 0) return Promise.resolve();
    const generation = this.memory.nextGeneration();
    return new Promise((resolve) => this.drainListeners.push({ generation, resolve }));
  }

  public close(): void {
    clearTimeout(this.timer);
  }

  private append(send: TakenSend): boolean {
    const { segment, startedAt } = send;
    const memorySince = Math.max(startedAt, segment.readyAt);
    if (!this.dependencies.append(send, segment.readRecord(send))) return false;
    this.dependencies.onMemoryWaited(Date.now() - memorySince);
    return true;
  }

  private topicLine(topic: string): WaitingLine {
    let line = this.byTopic.get(topic);
    if (line === undefined) {
      line = new WaitingLine(this.memory);
      this.byTopic.set(topic, line);
    }
    return line;
  }

  private moveOn(topic: string, line: WaitingLine): void {
    const count = this.dependencies.partitionCount(topic);
    const now = Date.now();
    if (count > Math.max(0, line.highestPartition)) {
      this.forMemory.append(line, now);
      return;
    }
    if (count > 0) {
      line.takePlaceable(count, (sends) => {
        for (const send of sends) {
          const { segment } = send;
          const origin = { generation: segment.generation, readyAt: now };
          this.forMemory.push(send, segment.readRecord(send), origin);
        }
      });
    }
    if (line.length > 0) this.byTopic.set(topic, line);
  }

  private expire(): void {
    const now = Date.now();
    for (const [topic, line] of Array.from(this.byTopic)) {
      this.expireLine(line, now, false);
      if (line.length === 0 && this.byTopic.get(topic) === line) this.byTopic.delete(topic);
    }
    this.expireLine(this.forMemory, now, true);
    this.afterLeaving();
  }

  private expireLine(line: WaitingLine, now: number, waitsForMemory: boolean): void {
    const { fail, maxBlockMs, timeoutError } = this.dependencies;
    line.takeStartedBy(now - maxBlockMs, (sends) => {
      for (const send of sends) fail(send, timeoutError(send, waitsForMemory, now - send.startedAt));
    });
  }

  private failLine(line: WaitingLine, error: Error): void {
    line.takeStartedBy(Number.POSITIVE_INFINITY, (sends) => {
      for (const send of sends) this.dependencies.fail(send, error);
    });
  }

  private afterLeaving(): void {
    this.tellDrained();
    if (this.size > 0) {
      this.armTimer();
      return;
    }
    clearTimeout(this.timer);
    this.timer = undefined;
    this.memory.trim();
  }

  private tellDrained(): void {
    if (this.drainListeners.length === 0) return;
    const lines = [this.forMemory, ...this.byTopic.values()];
    const isDrained = ({ generation }: DrainListener): boolean => !lines.some((line) => line.hasAnyOf(generation));
    const drained = this.drainListeners.filter(isDrained);
    if (drained.length === 0) return;
    this.drainListeners = this.drainListeners.filter((listener) => !drained.includes(listener));
    for (const { resolve } of drained) resolve();
  }

  private armTimer(): void {
    if (this.timer !== undefined) return;
    const due = this.oldestStart() + this.dependencies.maxBlockMs;
    if (due === Number.POSITIVE_INFINITY) return;
    this.timer = setTimeout(
      () => {
        this.timer = undefined;
        this.expire();
      },
      Math.max(1, due - Date.now()),
    );
  }

  private oldestStart(): number {
    let oldest = this.forMemory.oldestStart;
    for (const line of this.byTopic.values()) oldest = Math.min(oldest, line.oldestStart);
    return oldest;
  }
}
