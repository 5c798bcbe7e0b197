import type { KafkaFrame } from './kafka-frame.js';

/** A request whose answer is still to come from the broker. */
export interface AwaitedRequest {
  readonly request: KafkaFrame;
  /** Set for a request of which a part was withheld: puts that part's errors into the broker's answer. */
  readonly complete?: ((responseBody: Buffer) => Buffer[]) | undefined;
}

type Entry = AwaitedRequest | { readonly step: () => void };

/**
 * What the client waits for on one connection, in order. A broker answers a connection's requests in the order they came, so an
 * answer of the proxy's own waits for its turn among them.
 */
export class PendingRequests {
  private readonly entries: Entry[] = [];

  public await(request: AwaitedRequest): void {
    this.entries.push(request);
  }

  /** Runs a step after the answers to all requests before it; at once if there are none. */
  public run(step: () => void): void {
    if (this.entries.length === 0) step();
    else this.entries.push({ step });
  }

  /** The request that a correlation id answers; undefined if none waits for it. */
  public take(correlationId: number): AwaitedRequest | undefined {
    const index = this.entries.findIndex(
      (entry) => 'request' in entry && entry.request.correlationId === correlationId,
    );
    if (index < 0) return undefined;
    // The broker has passed over those before: their answers will not come, but the proxy's own are due.
    for (const skipped of this.entries.splice(0, index)) if ('step' in skipped) skipped.step();
    const entry = this.entries.shift();
    return entry && 'request' in entry ? entry : undefined;
  }

  /** Runs the steps whose turn has come. */
  public settle(): void {
    for (let head = this.entries[0]; head && 'step' in head; head = this.entries[0]) {
      this.entries.shift();
      head.step();
    }
  }
}
