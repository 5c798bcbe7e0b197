/** Runs a task in the background, again and again, without keeping the process alive. */
export class RepeatedTask {
  private timer: NodeJS.Timeout | undefined;
  private hasStarted = false;
  private isClosed = false;

  /** @param run never rejects. @returns after how many milliseconds to run again; null when there is no more to do */
  public constructor(private readonly run: () => Promise<number | null>) {}

  /** Runs it now, unless it was started before. */
  public start(): void {
    if (this.hasStarted || this.isClosed) return;
    this.hasStarted = true;
    void this.repeat();
  }

  public close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
  }

  private async repeat(): Promise<void> {
    const delayMs = await this.run();
    if (delayMs === null || this.isClosed) return;
    this.timer = setTimeout(() => void this.repeat(), delayMs);
    this.timer.unref();
  }
}
