import { createPayloads } from '../payloads.js';
import { connectTransactionalClient } from './clients/connect-transactional-client.js';
import type { TransactionalProducer } from './clients/transactional-client.js';
import type { Percentiles, TransactionJob, TransactionMeasure } from './job.js';
import { LatencyRecorder } from './latency-recorder.js';

/** From when to when ends of transactions count, in milliseconds of `performance.now()`. */
interface Window {
  readonly from: number;
  readonly to: number;
}

/** What became of the transactions of all producers. */
class Outcomes {
  /** At any time. */
  public committed = 0;
  public inWindow = 0;
  public readonly whole = new LatencyRecorder();
  public readonly commit = new LatencyRecorder();
  public readonly abort = new LatencyRecorder();
  public readonly errors = new Map<string, number>();

  public addCommitted(beganAt: number, endingAt: number, { from, to }: Window): void {
    const endedAt = performance.now();
    this.committed++;
    if (endedAt < from || endedAt >= to) return;
    this.inWindow++;
    this.whole.record(endedAt - beganAt);
    this.commit.record(endedAt - endingAt);
  }

  public addFailed(error: unknown): void {
    const name = error instanceof Error ? error.constructor.name : typeof error;
    this.errors.set(name, (this.errors.get(name) ?? 0) + 1);
  }
}

/** Every producer runs one transaction after the other; those that end within the window count. */
export async function measureTransactions(job: TransactionJob): Promise<TransactionMeasure> {
  const { brokers, client, messages, producers, topic, valueBytes, warmupMs, windowMs } = job;
  const values = createPayloads(valueBytes);
  const transactionalIdPrefix = `${topic}-`;
  const target = { brokers, topic, values, producers, messages, transactionalIdPrefix };
  const connected = await connectTransactionalClient(client, target);
  const outcomes = new Outcomes();
  const all = (work: (producer: TransactionalProducer) => Promise<void>): Promise<void[]> =>
    Promise.all(connected.producers.map(work));

  // Each gets its producer id and its connections before the time begins.
  await all(async (producer) => {
    await producer.commit();
    outcomes.committed++;
  });
  const from = performance.now() + warmupMs;
  const window: Window = { from, to: from + windowMs };
  await all((producer) => commitUntilEnd(producer, window, outcomes));
  const abortsEnd = performance.now() + job.abortMs;
  await all((producer) => abortUntil(producer, abortsEnd, outcomes));
  await connected.close();

  return {
    transactions: outcomes.inWindow,
    seconds: windowMs / 1000,
    committed: outcomes.committed,
    errors: Object.fromEntries(outcomes.errors),
    whole: percentiles(outcomes.whole),
    commit: percentiles(outcomes.commit),
    abort: percentiles(outcomes.abort),
  };
}

async function commitUntilEnd(producer: TransactionalProducer, window: Window, outcomes: Outcomes): Promise<void> {
  for (let beganAt = performance.now(); beganAt < window.to; beganAt = performance.now()) {
    try {
      outcomes.addCommitted(beganAt, await producer.commit(), window);
    } catch (error) {
      outcomes.addFailed(error);
    }
  }
}

/** At least one, however slow it is. */
async function abortUntil(producer: TransactionalProducer, end: number, outcomes: Outcomes): Promise<void> {
  do {
    try {
      const endingAt = await producer.abort();
      outcomes.abort.record(performance.now() - endingAt);
    } catch (error) {
      outcomes.addFailed(error);
    }
  } while (performance.now() < end);
}

function percentiles(latencies: LatencyRecorder): Percentiles {
  return { p50Ms: latencies.milliseconds(50), p99Ms: latencies.milliseconds(99) };
}
