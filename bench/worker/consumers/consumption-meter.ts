import type { ConsumerMeasure } from '../consumer-job.js';

/** A consumer that gets nothing for so long gets nothing any more. */
const STANDSTILL_MS = 60_000;
const WATCH_INTERVAL_MS = 1000;

/** The time when a record had been handled. */
interface Mark {
  readonly at: number;
  readonly cpu: NodeJS.CpuUsage;
  readonly handled: number;
  readonly calls: number;
}

/** Counts what a handler gets, and takes the time from one record to the last. */
export class ConsumptionMeter {
  private readonly end: Promise<void>;
  private reachEnd: () => void = () => undefined;
  private handledCount = 0;
  private callCount = 0;
  private idSum = 0;
  private first: Mark | null = null;
  private last: Mark | null = null;

  /**
   * @param records all that will come
   * @param warmup how many of them count for nothing: the time begins with the one after them
   */
  public constructor(
    private readonly records: number,
    private readonly warmup: number = 0,
  ) {
    this.end = new Promise((resolve) => {
      this.reachEnd = resolve;
    });
  }

  /** To be called once by every call of the handler with a record. */
  public handled(id: number): void {
    this.idSum += id;
    this.count(1);
  }

  /** The same with several records. */
  public handledAll(ids: readonly number[]): void {
    for (const id of ids) this.idSum += id;
    this.count(ids.length);
  }

  /**
   * Waits until so many records have come as there are.
   * @param standstillMs without a record for so long it fails
   */
  public async ended(standstillMs: number = STANDSTILL_MS): Promise<void> {
    let seen = this.handledCount;
    let seenAt = performance.now();
    let watch: NodeJS.Timeout | undefined;
    const standstill = new Promise<never>((_, reject) => {
      watch = setInterval(
        () => {
          if (this.handledCount !== seen) {
            seen = this.handledCount;
            seenAt = performance.now();
          } else if (performance.now() - seenAt >= standstillMs) {
            reject(new Error(`Nothing came for ${standstillMs} ms after ${seen} of ${this.records} records.`));
          }
        },
        Math.min(standstillMs, WATCH_INTERVAL_MS),
      );
    });
    try {
      await Promise.race([this.end, standstill]);
    } finally {
      clearInterval(watch);
    }
  }

  /** To be asked when no more can come: what was too much shows as well. */
  public measure(): ConsumerMeasure {
    const { first, last } = this;
    if (first === null || last === null || last.handled === first.handled) {
      throw new Error('There is no time between the first record that counts and the last: choose more records.');
    }
    const records = last.handled - first.handled;
    const user = last.cpu.user - first.cpu.user;
    const system = last.cpu.system - first.cpu.system;
    return {
      records,
      calls: last.calls - first.calls,
      seconds: (last.at - first.at) / 1000,
      cpuMicrosPerMessage: (user + system) / records,
      handled: this.handledCount,
      idSum: this.idSum,
    };
  }

  private count(records: number): void {
    this.handledCount += records;
    this.callCount++;
    if (this.first === null && this.handledCount > this.warmup) this.first = this.mark();
    if (this.handledCount < this.records || this.last !== null) return;
    this.last = this.mark();
    this.reachEnd();
  }

  private mark(): Mark {
    return { at: performance.now(), cpu: process.cpuUsage(), handled: this.handledCount, calls: this.callCount };
  }
}
