import type { ProducerRecord } from '../record.js';
import type { SerializedRecord } from './record-serializer.js';
import type { Reject, Resolve } from './producer-batch.js';

/** A record that `send` could not append at once: its topic is not known yet, or there is no memory. */
export interface PendingSend {
  /** For a partitioner that wants to see its key and value, and for an explicit partition. */
  readonly original: ProducerRecord;
  readonly record: SerializedRecord;
  /** Chosen already; a partitioner is asked once only. */
  partition: number | undefined;
  readonly resolve: Resolve;
  readonly reject: Reject;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Called when the record waits no more, either way. */
  left?: (() => void)[];
}

/** What a waiting record costs beside its bytes: its objects and its promise. */
const OVERHEAD_BYTES = 256;
/**
 * What sends may hold while they wait, beyond `buffer.memory`. A thread that waits holds one record; here every call that is not awaited holds
 * one, so without a bound a fire-and-forget loop would fill the heap while no broker answers.
 */
export const MAX_WAITING_BYTES = 48 * 1024 * 1024;

export interface PendingSendsDependencies {
  /** `max.block.ms` */
  readonly maxBlockMs: number;
  /** Bytes of `buffer.memory` not in use. */
  readonly availableMemory: () => number;
  /** Whether topic and partition of the record are known. */
  readonly isPlaceable: (send: PendingSend) => boolean;
  /** Why the topic can never be used. */
  readonly finalError: (topic: string) => Error | undefined;
  /** @returns false when there is no memory */
  readonly append: (send: PendingSend) => boolean;
  readonly timeoutError: (send: PendingSend, waitsForMemory: boolean, waitedMs: number) => Error;
  readonly fail: (send: PendingSend, error: Error) => void;
}

/**
 * The sends that wait, in order: for metadata per topic, then for memory in one line. What waits is never overtaken by a later send to
 * the same topic (the place of the blocked threads in Kafka's `KafkaProducer.doSend` and `BufferPool`).
 */
export class PendingSends {
  private readonly byTopic = new Map<string, PendingSend[]>();
  private readonly forMemory: PendingSend[] = [];
  private bytes = 0;
  private timer: NodeJS.Timeout | undefined;
  private draining = false;

  public constructor(private readonly dependencies: PendingSendsDependencies) {}

  public get size(): number {
    let size = this.forMemory.length;
    for (const sends of this.byTopic.values()) size += sends.length;
    return size;
  }

  public get isEmpty(): boolean {
    return this.forMemory.length === 0 && this.byTopic.size === 0;
  }

  /** Sends that wait for memory: then nothing lingers. */
  public get waitsForMemory(): boolean {
    return this.forMemory.length > 0;
  }

  public get waitsForMetadata(): boolean {
    return this.byTopic.size > 0;
  }

  /** Whether a new send to the topic has to wait its turn. */
  public mustQueue(topic: string): boolean {
    return this.forMemory.length > 0 || (this.byTopic.size > 0 && this.byTopic.has(topic));
  }

  /** Whether one more record may wait. */
  public hasRoomFor(bytes: number): boolean {
    return this.bytes + bytes + OVERHEAD_BYTES <= MAX_WAITING_BYTES + this.dependencies.availableMemory();
  }

  public get waitingBytes(): number {
    return this.bytes;
  }

  /** Milliseconds that the first in line has waited; 0 when nobody waits. */
  public oldestAge(now: number): number {
    let oldest = this.forMemory[0]?.startedAt ?? now;
    for (const line of this.byTopic.values()) oldest = Math.min(oldest, line[0]?.startedAt ?? now);
    return now - oldest;
  }

  public add(send: PendingSend): void {
    this.bytes += send.record.sizeUpperBound + OVERHEAD_BYTES;
    const line = this.byTopic.get(send.record.topic);
    if (line !== undefined) line.push(send);
    else if (this.dependencies.isPlaceable(send)) this.forMemory.push(send);
    else this.byTopic.set(send.record.topic, [send]);
    if (this.dependencies.maxBlockMs === 0) this.expire();
    else this.armTimer();
  }

  /** Metadata has changed: moves on whatever can be placed now. */
  public metadataChanged(): void {
    for (const [topic, line] of this.byTopic) {
      const error = this.dependencies.finalError(topic);
      if (error !== undefined) {
        this.byTopic.delete(topic);
        for (const send of line) this.failed(send, error);
        continue;
      }
      const rest = line.filter((send) => {
        if (!this.dependencies.isPlaceable(send)) return true;
        this.forMemory.push(send);
        return false;
      });
      if (rest.length === 0) this.byTopic.delete(topic);
      else this.byTopic.set(topic, rest);
    }
    this.memoryReleased();
  }

  /** Memory has become free: appends in order as far as it goes. */
  public memoryReleased(): void {
    if (this.draining) return;
    this.draining = true;
    let done = 0;
    for (const send of this.forMemory) {
      if (!this.dependencies.append(send)) break;
      this.leave(send);
      done++;
    }
    if (done > 0) this.forMemory.splice(0, done);
    this.draining = false;
    this.changed();
  }

  /** Fails everything that waits for metadata. */
  public failMetadataWaiters(error: Error): void {
    const lines = [...this.byTopic.values()];
    this.byTopic.clear();
    for (const send of lines.flat()) this.failed(send, error);
    this.changed();
  }

  public failAll(error: Error): void {
    this.failMetadataWaiters(error);
    for (const send of this.forMemory.splice(0)) this.failed(send, error);
    this.changed();
  }

  /** Resolves when nothing that waits now is waiting any more; later sends do not count. */
  public drained(): Promise<void> {
    const waiting = [...[...this.byTopic.values()].flat(), ...this.forMemory];
    if (waiting.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      let left = 0;
      const count = (): void => {
        if (++left === waiting.length) resolve();
      };
      for (const send of waiting) (send.left ??= []).push(count);
    });
  }

  public close(): void {
    clearTimeout(this.timer);
  }

  private expire(): void {
    const { maxBlockMs, timeoutError } = this.dependencies;
    const now = Date.now();
    const isOverdue = (send: PendingSend): boolean => now - send.startedAt >= maxBlockMs;
    const fail = (send: PendingSend, waitsForMemory: boolean): void =>
      this.failed(send, timeoutError(send, waitsForMemory, now - send.startedAt));
    for (const [topic, line] of this.byTopic) {
      const rest = line.filter((send) => !isOverdue(send));
      if (rest.length === 0) this.byTopic.delete(topic);
      else this.byTopic.set(topic, rest);
      for (const send of line) if (isOverdue(send)) fail(send, false);
    }
    const overdue = this.forMemory.findIndex((send) => !isOverdue(send));
    for (const send of this.forMemory.splice(0, overdue < 0 ? this.forMemory.length : overdue)) fail(send, true);
    this.changed();
  }

  private failed(send: PendingSend, error: Error): void {
    this.dependencies.fail(send, error);
    this.leave(send);
  }

  private leave(send: PendingSend): void {
    this.bytes -= send.record.sizeUpperBound + OVERHEAD_BYTES;
    for (const listener of send.left ?? []) listener();
  }

  private changed(): void {
    if (this.isEmpty) {
      clearTimeout(this.timer);
      this.timer = undefined;
      return;
    }
    this.armTimer();
  }

  /** Deadlines come in the order of the sends, so the next one is that of a head. */
  private armTimer(): void {
    if (this.timer !== undefined) return;
    let earliest = this.forMemory[0]?.startedAt ?? Number.POSITIVE_INFINITY;
    for (const line of this.byTopic.values()) earliest = Math.min(earliest, line[0]?.startedAt ?? earliest);
    if (earliest === Number.POSITIVE_INFINITY) return;
    this.timer = setTimeout(
      () => {
        this.timer = undefined;
        this.expire();
      },
      Math.max(1, earliest + this.dependencies.maxBlockMs - Date.now()),
    );
  }
}
