import type { AssignedPartition } from '../../consumer/consumer-engine-api.js';
import type { RecordSlice } from './record-slice.js';

const QUEUED = 'queued';

/**
 * Turns what a fetcher hands out into something to wait for, one slice after the other. A partition is paused from the moment one of its slices comes until the next one is
 * asked for, so no more than one slice of each is held.
 */
export class SliceQueue {
  private readonly slices: RecordSlice[] = [];
  private current: RecordSlice | null = null;
  private failure: Error | null = null;
  private wake: () => void = () => undefined;
  private rejectFailed: (error: Error) => void = () => undefined;
  private readonly whenFailed = new Promise<never>((_, reject) => {
    this.rejectFailed = reject;
  });

  public constructor() {
    // Whoever waits for records learns of it as well.
    this.whenFailed.catch(() => undefined);
  }

  public push(slice: RecordSlice): void {
    slice.partition.pause(QUEUED);
    this.slices.push(slice);
    this.wake();
  }

  /** Ends the waiting, behind what is there already. */
  public fail(error: Error): void {
    this.failure ??= error;
    this.rejectFailed(this.failure);
    this.wake();
  }

  /** Rejects with what `fail` is given, and never resolves. */
  public failed(): Promise<never> {
    return this.whenFailed;
  }

  /**
   * Waits for a slice. Those of partitions that have been given away meanwhile are left out. The slice before is done with.
   * @param limitMs how long to wait; null for as long as it takes
   * @returns null when the time is over, or `stop` was aborted
   * @throws what `fail` was given
   */
  public async next(limitMs: number | null, stop: AbortSignal): Promise<RecordSlice | null> {
    this.current?.partition.resume(QUEUED);
    this.current = null;
    const deadline = limitMs === null ? null : Date.now() + limitMs;
    for (;;) {
      if (stop.aborted) return null;
      const slice = this.take();
      if (slice !== null) return slice;
      if (this.failure !== null) throw this.failure;
      const left = deadline === null ? null : deadline - Date.now();
      if (left !== null && left <= 0) return null;
      await this.changed(left, stop);
    }
  }

  /** Forgets what was not asked for yet of these partitions. */
  public drop(partitions: readonly AssignedPartition[]): void {
    const dropped = new Set(partitions);
    this.slices.splice(0, Infinity, ...this.slices.filter(({ partition }) => !dropped.has(partition)));
  }

  private take(): RecordSlice | null {
    for (let slice = this.slices.shift(); slice !== undefined; slice = this.slices.shift()) {
      if (!slice.partition.isAssigned) continue;
      this.current = slice;
      return slice;
    }
    return null;
  }

  private changed(limitMs: number | null, stop: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = limitMs === null ? undefined : setTimeout(() => this.wake(), limitMs);
      const onStop = (): void => this.wake();
      stop.addEventListener('abort', onStop);
      this.wake = () => {
        clearTimeout(timer);
        stop.removeEventListener('abort', onStop);
        this.wake = () => undefined;
        resolve();
      };
    });
  }
}
