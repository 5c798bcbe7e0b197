import type { Park } from './key-lanes.js';

/** Who pauses a partition: its listener as a whole, or a handler through the consumer of its context. */
export type PausedBy = 'listener' | 'handler';

/** Holds back the handlers of a partition that have not begun while anybody pauses it. */
export class PauseGate {
  private readonly pausedBy = new Set<PausedBy>();
  private readonly waiting: (() => void)[] = [];
  private hasEnded = false;

  public get isPaused(): boolean {
    return this.pausedBy.size > 0;
  }

  public pause(by: PausedBy): void {
    this.pausedBy.add(by);
  }

  public resume(by: PausedBy): void {
    this.pausedBy.delete(by);
    if (!this.isPaused) this.release();
  }

  /** Nobody waits any longer, paused or not. */
  public end(): void {
    this.hasEnded = true;
    this.release();
  }

  /** Waits until nobody pauses, or until the end. */
  public async pass(park: Park): Promise<void> {
    while (this.isPaused && !this.hasEnded) {
      await park(
        () =>
          new Promise((resolve) => {
            this.waiting.push(resolve);
          }),
      );
    }
  }

  private release(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}
