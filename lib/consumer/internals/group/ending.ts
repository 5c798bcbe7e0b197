/**
 * An end that short waits look out for. Unlike a promise in `Promise.race`, it keeps nothing of waits that are over, so it may come late or never.
 */
export class Ending {
  private readonly waiting = new Set<(error: Error) => void>();
  private reason: Error | null = null;

  public get hasCome(): boolean {
    return this.reason !== null;
  }

  /** null until it has come. */
  public get error(): Error | null {
    return this.reason;
  }

  /** @throws the error of the end, when it has come */
  public check(): void {
    if (this.reason !== null) throw this.reason;
  }

  /** Rejects every wait with `error`. Only the first call counts. */
  public come(error: Error): void {
    if (this.reason !== null) return;
    this.reason = error;
    for (const reject of this.waiting) reject(error);
    this.waiting.clear();
  }

  /**
   * Waits for a promise, which goes on either way.
   * @throws the error of the end, when that comes first
   */
  public guard<T>(promise: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const stop = this.onEnd(reject);
      promise.then(resolve, reject).finally(stop);
    });
  }

  /**
   * Waits for a promise to settle, so many milliseconds at most.
   * @returns whether it has
   * @throws the error of the end, when that comes first
   */
  public settled(promise: Promise<unknown>, ms: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), ms);
    });
    const isSettled = promise.then(
      () => true,
      () => true,
    );
    return this.guard(Promise.race([isSettled, late])).finally(() => clearTimeout(timer));
  }

  /** @throws the error of the end, when that comes first */
  public async sleep(ms: number): Promise<void> {
    await this.settled(new Promise<never>(() => undefined), ms);
  }

  private onEnd(reject: (error: Error) => void): () => void {
    if (this.reason !== null) reject(this.reason);
    else this.waiting.add(reject);
    return () => this.waiting.delete(reject);
  }
}
