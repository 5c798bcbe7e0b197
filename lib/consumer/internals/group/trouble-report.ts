import type { LogSink } from '../../../wire/log-sink.js';

/** A single failure is what a move of the coordinator looks like, and no trouble. */
const TOLD_AFTER = 2;

/** Tells of an outage once, and once when it has passed. Its owner logs it: other parts may suffer from the same one. */
export class TroubleReport {
  private count = 0;

  public constructor(
    private readonly log: LogSink,
    private readonly subject: string,
    private readonly tell: (error: Error | null) => void,
  ) {}

  /** In a row. */
  public get failures(): number {
    return this.count;
  }

  public failed(error: Error): void {
    this.count++;
    this.log.debug(`${this.subject}: ${error.message}`);
    if (this.count === TOLD_AFTER) this.tell(error);
  }

  public passed(): void {
    const wasTold = this.count >= TOLD_AFTER;
    this.count = 0;
    if (wasTold) this.tell(null);
  }
}
