import { KafkaError } from '../wire/kafka-error.js';
import type { LogSink } from '../wire/log-sink.js';

const LEAST_PAUSE_MS = 10_000;

/**
 * Counts what `emit` could not deliver, and writes a line about it at most every ten seconds: during an outage every record fails, and
 * the log must survive that.
 */
export class EmitFailureLog {
  private failures = 0;
  private logged = 0;
  private lastLineAt = Number.NEGATIVE_INFINITY;

  public constructor(
    private readonly log: LogSink,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Records of `emit` that failed, since the start. */
  public get total(): number {
    return this.failures;
  }

  public add(error: unknown, topic: string): void {
    this.failures += 1;
    if (this.now() - this.lastLineAt < LEAST_PAUSE_MS) return;
    this.write(`The last one, to '${topic}', failed with ${describe(error)}`);
  }

  /** Writes what the limit has held back. For the end of the producer. */
  public flush(): void {
    if (this.failures > this.logged) this.write('The producer is closed now.');
  }

  private write(detail: string): void {
    const count = this.failures - this.logged;
    this.logged = this.failures;
    this.lastLineAt = this.now();
    this.log.error(
      `emit() could not deliver ${count} record(s), ${this.failures} in all; use send() to learn of each. ${detail}`,
    );
  }
}

/** Errors of this library hold no payload; the text of any other error might. */
function describe(error: unknown): string {
  if (error instanceof KafkaError) return `${error.name}: ${error.message}`;
  return error instanceof Error ? error.name : 'an error that is no Error';
}
