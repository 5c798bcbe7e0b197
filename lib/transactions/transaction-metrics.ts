import type { ProducerMetrics } from '../producer/producer-engine-api.js';

/** The calls whose time Kafka's own client tells. */
export type TimedCall = 'init' | 'begin' | 'send-offsets' | 'commit' | 'abort';

/** How a transaction may end. */
export type TransactionEnd = 'committed' | 'aborted' | 'outcome-unknown';

/** Times by the names of Kafka's `producer-metrics` (KIP-761), in nanoseconds since the start, and how many transactions ended in which way. */
export class TransactionMetrics {
  private readonly times: Record<TimedCall, number> = { init: 0, begin: 0, 'send-offsets': 0, commit: 0, abort: 0 };
  private readonly ends: Record<TransactionEnd, number> = { committed: 0, aborted: 0, 'outcome-unknown': 0 };

  public ended(end: TransactionEnd): void {
    this.ends[end] += 1;
  }

  public async timed<T>(name: TimedCall, call: () => Promise<T>): Promise<T> {
    const startedAt = process.hrtime.bigint();
    try {
      return await call();
    } finally {
      this.add(name, startedAt);
    }
  }

  /** For a call that returns at once. */
  public timedSync(name: TimedCall, call: () => void): void {
    const startedAt = process.hrtime.bigint();
    call();
    this.add(name, startedAt);
  }

  public read(): ProducerMetrics {
    const metrics: Record<string, number> = {};
    for (const [name, ns] of Object.entries(this.times)) metrics[`txn-${name}-time-ns-total`] = ns;
    for (const [end, count] of Object.entries(this.ends)) metrics[`txn-${end}-total`] = count;
    return metrics;
  }

  private add(name: TimedCall, startedAt: bigint): void {
    this.times[name] += Number(process.hrtime.bigint() - startedAt);
  }
}
