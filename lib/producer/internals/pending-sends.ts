import type { ProducerRecord } from '../record.js';
import type { SerializedRecord } from './record-serializer.js';
import { Fifo } from './fifo.js';
import type { Reject, Resolve } from './producer-batch.js';

/** A record that `send` could not append at once: its topic is not known yet, or there is no memory. */
export interface PendingSend {
  /** For a partitioner that wants to see its key and value, and for an explicit partition. */
  readonly original: ProducerRecord;
  readonly record: SerializedRecord;
  /** Chosen already; a partitioner is asked once only. */
  partition: number | undefined;
  readonly resolve: Resolve;
  readonly reject: Reject | null;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Since when it waits for memory alone. */
  memorySince?: number;
  /** Called when the record waits no more, either way. */
  left?: (() => void)[];
}

/** What a waiting record costs beside its bytes: its objects, its promise, its place in line. */
const OVERHEAD_BYTES = 640;
/**
 * What sends may hold while they wait, beyond `buffer.memory`. A thread that waits holds one record; here every call that is not awaited
 * holds one. While records move, a burst may wait its turn; while they do not, a fire-and-forget loop must not fill the heap.
 */
const MAX_WAITING_BYTES_WHILE_MOVING = 256 * 1024 * 1024;
export const MAX_WAITING_BYTES = 8 * 1024 * 1024;
/** Looks in a row that find nothing moved, while somebody waits: the brokers do not take records. */
const STANDSTILL_LOOKS = 20;
const LOOK_EVERY_MS = 100;

export interface PendingSendsDependencies {
  /** `max.block.ms` */
  readonly maxBlockMs: number;
  /** Bytes of `buffer.memory` not in use. */
  readonly availableMemory: () => number;
  /** When memory was last given back; infinitely long ago while no broker is connected. */
  readonly lastProgressAt: () => number;
  /** Whether topic and partition of the record are known. */
  readonly isPlaceable: (send: PendingSend) => boolean;
  /** Why the topic can never be used. */
  readonly finalError: (topic: string) => Error | undefined;
  /** @returns false when there is no memory */
  readonly append: (send: PendingSend) => boolean;
  readonly timeoutError: (send: PendingSend, waitsForMemory: boolean, waitedMs: number) => Error;
  readonly fail: (send: PendingSend, error: Error) => void;
  readonly onMemoryWaited: (ms: number) => void;
}

/**
 * The sends that wait, in order: for metadata per topic, then for memory in one line. What waits is never overtaken by a later send to
 * the same topic (the place of the blocked threads in Kafka's `KafkaProducer.doSend` and `BufferPool`).
 */
export class PendingSends {
  /** Sends whose topic or partition is not known. */
  private readonly byTopic = new Map<string, PendingSend[]>();
  private readonly forMemory = new Fifo<PendingSend>();
  private bytes = 0;
  private watch: NodeJS.Timeout | undefined;
  private looksWithoutProgress = 0;
  private timer: NodeJS.Timeout | undefined;
  private draining = false;

  public constructor(private readonly dependencies: PendingSendsDependencies) {}

  public get size(): number {
    let size = this.forMemory.length;
    for (const sends of this.byTopic.values()) size += sends.length;
    return size;
  }

  /** Sends that wait for memory: then nothing lingers, and later sends join the line. */
  public get waitsForMemory(): boolean {
    return this.forMemory.length > 0;
  }

  public get waitsForMetadata(): boolean {
    return this.byTopic.size > 0;
  }

  public get waitingBytes(): number {
    return this.bytes;
  }

  /** Whether one more record may wait. */
  public hasRoomFor(bytes: number): boolean {
    const limit = this.isMoving() ? MAX_WAITING_BYTES_WHILE_MOVING : MAX_WAITING_BYTES;
    return this.bytes + bytes + OVERHEAD_BYTES <= limit + this.dependencies.availableMemory();
  }

  /** Milliseconds that the oldest has waited; 0 when nobody waits. */
  public oldestAge(now: number): number {
    return Math.max(0, now - Math.min(now, this.oldestStart()));
  }

  public add(send: PendingSend): void {
    this.watchProgress();
    this.bytes += send.record.sizeUpperBound + OVERHEAD_BYTES;
    this.enqueue(send, Date.now());
    if (this.dependencies.maxBlockMs === 0) this.expire();
    else this.armTimer();
  }

  /** Metadata has changed: moves on whatever can be placed now. */
  public metadataChanged(): void {
    const now = Date.now();
    const lines = [...this.byTopic];
    this.byTopic.clear();
    for (const [topic, line] of lines) {
      const error = this.dependencies.finalError(topic);
      for (const send of line) {
        if (error === undefined) this.enqueue(send, now);
        else this.failed(send, error);
      }
    }
    this.memoryReleased();
  }

  /** Memory has become free: appends in order as far as it goes. */
  public memoryReleased(): void {
    if (this.draining) return;
    this.draining = true;
    // A send leaves the line before it is appended: its callback may close the producer, which fails all that stand in line.
    for (let send = this.forMemory.shift(); send !== undefined; send = this.forMemory.shift()) {
      if (!this.dependencies.append(send)) {
        this.forMemory.unshift(send);
        break;
      }
      this.dependencies.onMemoryWaited(Date.now() - (send.memorySince ?? Date.now()));
      this.leave(send);
    }
    this.draining = false;
    this.rearm();
  }

  /** Fails everything that waits for metadata. */
  public failMetadataWaiters(error: Error): void {
    const lines = [...this.byTopic.values()];
    this.byTopic.clear();
    for (const send of lines.flat()) this.failed(send, error);
    this.rearm();
  }

  public failAll(error: Error): void {
    this.failMetadataWaiters(error);
    for (const send of this.forMemory.extract(() => true)) this.failed(send, error);
    this.rearm();
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
    this.endWatch();
  }

  /** The first to wait gives the brokers the benefit of the doubt, unless none is connected. */
  private isMoving(): boolean {
    return (
      this.dependencies.lastProgressAt() !== Number.NEGATIVE_INFINITY && this.looksWithoutProgress < STANDSTILL_LOOKS
    );
  }

  /** By looks of a timer, not by the clock: while a loop of sends holds the thread no answer can arrive, which says nothing of the brokers. */
  private watchProgress(): void {
    if (this.watch !== undefined) return;
    let seen = this.dependencies.lastProgressAt();
    this.looksWithoutProgress = 0;
    this.watch = setInterval(() => {
      const progress = this.dependencies.lastProgressAt();
      this.looksWithoutProgress = progress === seen ? this.looksWithoutProgress + 1 : 0;
      seen = progress;
    }, LOOK_EVERY_MS);
    this.watch.unref();
  }

  private endWatch(): void {
    clearInterval(this.watch);
    this.watch = undefined;
    this.looksWithoutProgress = 0;
  }

  private enqueue(send: PendingSend, now: number): void {
    if (this.dependencies.isPlaceable(send)) {
      send.memorySince = now;
      this.forMemory.push(send);
      return;
    }
    const line = this.byTopic.get(send.record.topic);
    if (line === undefined) this.byTopic.set(send.record.topic, [send]);
    else line.push(send);
  }

  private expire(): void {
    const { maxBlockMs, timeoutError } = this.dependencies;
    const now = Date.now();
    const isOverdue = (send: PendingSend): boolean => now - send.startedAt >= maxBlockMs;
    let withoutMetadata: PendingSend[] = [];
    for (const [topic, line] of this.byTopic) {
      withoutMetadata = withoutMetadata.concat(line.filter(isOverdue));
      const rest = line.filter((send) => !isOverdue(send));
      if (rest.length === 0) this.byTopic.delete(topic);
      else this.byTopic.set(topic, rest);
    }
    const withoutMemory = this.forMemory.extract(isOverdue);
    for (const send of withoutMetadata) this.failed(send, timeoutError(send, false, now - send.startedAt));
    for (const send of withoutMemory) this.failed(send, timeoutError(send, true, now - send.startedAt));
    this.rearm();
  }

  private failed(send: PendingSend, error: Error): void {
    this.leave(send);
    this.dependencies.fail(send, error);
  }

  private leave(send: PendingSend): void {
    this.bytes -= send.record.sizeUpperBound + OVERHEAD_BYTES;
    for (const listener of send.left ?? []) listener();
  }

  private rearm(): void {
    if (this.size > 0) {
      this.armTimer();
      return;
    }
    clearTimeout(this.timer);
    this.timer = undefined;
    this.endWatch();
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
    let oldest = Number.POSITIVE_INFINITY;
    for (const line of this.byTopic.values()) for (const send of line) oldest = Math.min(oldest, send.startedAt);
    // Sends that waited for metadata before may be older than those ahead of them.
    for (const send of this.forMemory) oldest = Math.min(oldest, send.startedAt);
    return oldest;
  }
}
