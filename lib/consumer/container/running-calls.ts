/** A call of a handler. */
export interface RunningCall {
  /** When it began; milliseconds since the epoch. */
  calledAt: number;
}

/** The calls of a partition's handlers that have not ended, so that one is noticed that never does. */
export class RunningCalls {
  /** The only one, unless records of different keys run side by side or are acknowledged later: a record on its way should cost no set. */
  private single: RunningCall | null = null;
  /** In the order in which they began. */
  private readonly others = new Set<RunningCall>();

  public begin(call: RunningCall): void {
    call.calledAt = Date.now();
    if (this.single === null) this.single = call;
    else if (this.single !== call) this.others.add(call);
  }

  public end(call: RunningCall): void {
    if (this.single === call) this.single = null;
    else this.others.delete(call);
  }

  /** For how long the oldest has been going on, in milliseconds; 0 when there is none. */
  public oldestMs(now: number): number {
    const [first] = this.others;
    const began = Math.min(this.single?.calledAt ?? now, first?.calledAt ?? now);
    return now - began;
  }
}
