import type { Socket } from 'node:net';

/** Held back beyond this, the source is paused: a latency needs room for what is under way, not unbounded memory. */
const MAX_QUEUED_BYTES = 64 * 1024 * 1024;

/** How long an entry is held: milliseconds, or until a promise settles. */
export interface Hold {
  readonly delayMs?: number;
  readonly until?: Promise<unknown>;
}

interface Entry {
  readonly bytes: number;
  readonly deliver: () => void;
  dueAt: number;
}

/**
 * One direction of a connection: delivers chunks and steps (an end, a reset) strictly in order, each not before its time, and
 * pauses the source while the sink does not keep up.
 */
export class Lane {
  private readonly source: Socket;
  private readonly sink: Socket;
  private readonly queue: Entry[] = [];
  private queuedBytes = 0;
  private timer: NodeJS.Timeout | undefined;
  private pausedSource = false;
  private state: 'open' | 'frozen' | 'closed' = 'open';

  public constructor(source: Socket, sink: Socket) {
    this.source = source;
    this.sink = sink;
    sink.on('drain', () => this.pump());
    // A sink that is gone takes everything at once, so the source must not stay paused for it.
    sink.on('close', () => this.pump());
  }

  public send(chunks: readonly Buffer[], hold: Hold = {}): void {
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    this.enqueue(bytes, () => this.write(chunks), hold);
  }

  /** Runs a step when everything before it has been delivered. */
  public run(step: () => void, hold: Hold = {}): void {
    this.enqueue(0, step, hold);
  }

  /** Delivers what is held back as fast as the sink takes it. */
  public release(): void {
    for (const entry of this.queue) entry.dueAt = 0;
    this.pump();
  }

  /** From now on nothing is read or delivered, for good. */
  public freeze(): void {
    if (this.state === 'closed') return;
    this.state = 'frozen';
    this.clear();
    this.source.pause();
  }

  /** From now on what comes is thrown away; the source is read on, so that its end is noticed. */
  public close(): void {
    this.state = 'closed';
    this.clear();
    if (!this.source.destroyed) this.source.resume();
  }

  private enqueue(bytes: number, deliver: () => void, hold: Hold): void {
    if (this.state !== 'open') return;
    const entry: Entry = { bytes, deliver, dueAt: hold.until ? Infinity : performance.now() + (hold.delayMs ?? 0) };
    if (hold.until) this.releaseWhenSettled(entry, hold.until);
    this.queue.push(entry);
    this.queuedBytes += bytes;
    this.pump();
  }

  private releaseWhenSettled(entry: Entry, until: Promise<unknown>): void {
    const release = () => {
      entry.dueAt = 0;
      this.pump();
    };
    until.then(release, release);
  }

  private write(chunks: readonly Buffer[]): void {
    if (!this.sink.writable) return;
    this.sink.cork();
    for (const chunk of chunks) this.sink.write(chunk);
    this.sink.uncork();
  }

  private pump(): void {
    clearTimeout(this.timer);
    while (this.state === 'open') {
      const head = this.queue[0];
      if (!head || (this.sink.writableNeedDrain && !this.sink.destroyed)) break;
      if (head.dueAt > performance.now()) {
        this.wakeAt(head.dueAt);
        break;
      }
      this.queue.shift();
      this.queuedBytes -= head.bytes;
      head.deliver();
    }
    this.regulateSource();
  }

  private wakeAt(dueAt: number): void {
    if (dueAt === Infinity) return;
    this.timer = setTimeout(() => this.pump(), Math.max(1, dueAt - performance.now()));
    this.timer.unref();
  }

  private regulateSource(): void {
    if (this.state !== 'open') return;
    const congested = this.sink.writableNeedDrain && !this.sink.destroyed;
    const pause = congested || this.queuedBytes > MAX_QUEUED_BYTES;
    if (pause === this.pausedSource) return;
    this.pausedSource = pause;
    if (pause) this.source.pause();
    else this.source.resume();
  }

  private clear(): void {
    clearTimeout(this.timer);
    this.queue.length = 0;
    this.queuedBytes = 0;
  }
}
