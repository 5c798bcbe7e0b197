import type { ProducerEngineApi } from '../../producer/producer-engine-api.js';
import type { ProducerRecord, RecordMetadata } from '../../producer/record.js';

/** What became of a line. */
export type LineOutcome = RecordMetadata | Error;

/** Called once per line, in the order of the lines. */
export type OutcomeListener = (line: number, outcome: LineOutcome) => void;

interface Pending {
  readonly line: number;
  readonly bytes: number;
  outcome: LineOutcome | null;
}

/** On their way at most, so that an endless input needs no endless memory; the producer's own buffer counts bytes only once it has room for them. */
const MOST_RECORDS = 10_000;

/** Sends records, and tells in their order what became of them. */
export class RecordSink {
  private readonly pending = new Set<Pending>();
  private bytes = 0;
  private wake: () => void = () => undefined;

  /** @param maxBytes of keys, values and headers on their way; one record may be larger */
  public constructor(
    private readonly engine: Pick<ProducerEngineApi, 'sendWithCallback'>,
    private readonly maxBytes: number,
    private readonly onOutcome: OutcomeListener,
  ) {}

  /** Whether to wait for room before the next record. */
  public get isFull(): boolean {
    return this.pending.size >= MOST_RECORDS || this.bytes >= this.maxBytes;
  }

  public send(line: number, record: ProducerRecord, bytes: number): void {
    const pending = this.add(line, bytes);
    this.engine.sendWithCallback(record, (error, metadata) => this.settle(pending, error ?? metadata));
  }

  /** A line that is no record: told in its turn. */
  public fail(line: number, error: Error): void {
    this.settle(this.add(line, 0), error);
  }

  /** Until there is room again. */
  public room(): Promise<void> {
    return this.until(() => !this.isFull);
  }

  /** Until the outcome of every record is told. */
  public settled(): Promise<void> {
    return this.until(() => this.pending.size === 0);
  }

  private add(line: number, bytes: number): Pending {
    const pending: Pending = { line, bytes, outcome: null };
    this.pending.add(pending);
    this.bytes += bytes;
    return pending;
  }

  private settle(settled: Pending, outcome: LineOutcome): void {
    settled.outcome = outcome;
    for (const pending of this.pending) {
      if (pending.outcome === null) break;
      this.pending.delete(pending);
      this.bytes -= pending.bytes;
      this.onOutcome(pending.line, pending.outcome);
    }
    this.wake();
  }

  private async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}
