interface Waiter<T> {
  readonly resolve: (leased: T) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** Callers that wait for something to be given back, served in the order in which they came. */
export class LeaseQueue<T> {
  private readonly waiters = new Set<Waiter<T>>();

  public get size(): number {
    return this.waiters.size;
  }

  /**
   * @param timeoutMs how long to wait at the most
   * @throws (as a rejection) what `late` makes
   */
  public wait(timeoutMs: number, late: () => Error): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter<T> = {
        resolve,
        reject,
        timer: setTimeout(() => {
          this.waiters.delete(waiter);
          reject(late());
        }, timeoutMs),
      };
      this.waiters.add(waiter);
    });
  }

  /** Hands it to who has waited longest; false when nobody waits. */
  public hand(leased: T): boolean {
    const [first] = this.waiters;
    if (first === undefined) return false;
    this.remove(first);
    first.resolve(leased);
    return true;
  }

  public rejectAll(error: Error): void {
    for (const waiter of this.waiters) {
      this.remove(waiter);
      waiter.reject(error);
    }
  }

  private remove(waiter: Waiter<T>): void {
    clearTimeout(waiter.timer);
    this.waiters.delete(waiter);
  }
}
