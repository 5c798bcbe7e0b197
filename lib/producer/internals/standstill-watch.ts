const LOOK_EVERY_MS = 25;
/** Looks in a row that have found nothing moved: from the start of a load, when nobody knows yet, and when records have moved before. */
const LOOKS_AT_START = 2;
const LOOKS_WHILE_MOVING = 10;

export interface StandstillWatchDependencies {
  readonly isConnected: () => boolean;
  /** Changes whenever a broker's answer has set memory free. */
  readonly releases: () => number;
  /** It has happened since all memory was free. */
  readonly isMoving: () => boolean;
  /** No record is on its way, and none waits. */
  readonly isIdle: () => boolean;
}

/**
 * Tells whether the brokers take records. A broker that is paused, or cut off while its connection stays open, is found out here long before a request
 * times out. By looks of a timer, not by the clock: while a loop of sends holds the thread no answer can arrive, which says nothing of the brokers.
 */
export class StandstillWatch {
  private timer: NodeJS.Timeout | undefined;
  private seenReleases = 0;
  private quietLooks = 0;

  public constructor(private readonly dependencies: StandstillWatchDependencies) {}

  /** No broker is connected, or for 50 ms since the load has begun, or 250 ms in the midst of it, no record has moved on. */
  public get isStandstill(): boolean {
    const { isConnected, isMoving, releases } = this.dependencies;
    if (!isConnected()) return true;
    return this.quietLooks >= (isMoving() ? LOOKS_WHILE_MOVING : LOOKS_AT_START) && releases() === this.seenReleases;
  }

  /** There is something to watch, until nothing is on its way any more. */
  public start(): void {
    if (this.timer !== undefined) return;
    this.seenReleases = this.dependencies.releases();
    this.timer = setInterval(() => this.look(), LOOK_EVERY_MS);
    this.timer.unref();
  }

  public stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.quietLooks = 0;
  }

  private look(): void {
    const { isIdle, releases } = this.dependencies;
    if (isIdle()) {
      this.stop();
      return;
    }
    const now = releases();
    this.quietLooks = now === this.seenReleases ? this.quietLooks + 1 : 0;
    this.seenReleases = now;
  }
}
