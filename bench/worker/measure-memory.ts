import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { KafkaProducer } from 'nestjs-kafka-producer';
import { createPayloads } from '../payloads.js';
import { startOurs } from './clients/ours.js';
import type { MemoryJob, MemoryMeasure, Stage } from './job.js';
import { LatencyRecorder } from './latency-recorder.js';

/** Sends between two turns of the event loop, in which refusals arrive and memory is looked at. */
const BURST = 1000;
/** What fails earlier than this part of `maxBlockMs` has not waited. */
const WAITED_SHARE = 0.9;
const SAMPLE_INTERVAL_MS = 20;
const EXTRA_LIMIT_MS = 30_000;

/** What became of the sends of one run. */
class Outcomes {
  public refusedAtOnce = 0;
  public failedAfterWaiting = 0;
  public delivered = 0;
  public readonly waits = new LatencyRecorder();
  public readonly errors = new Map<string, number>();
  private readonly startedAt = performance.now();

  public constructor(private readonly maxBlockMs: number) {}

  public readonly onDelivered = (): void => {
    this.delivered++;
  };

  /** What to do with a failure, for all sends that begin now: one function for many, so that the counting itself takes no memory. */
  public failuresFromNow(): (error: unknown) => void {
    const offeredAt = performance.now();
    return (error) => {
      const waitedMs = performance.now() - offeredAt;
      if (waitedMs < this.maxBlockMs * WAITED_SHARE) {
        this.refusedAtOnce++;
      } else {
        this.failedAfterWaiting++;
        this.waits.record(waitedMs);
      }
      const name = error instanceof Error ? error.constructor.name : typeof error;
      this.errors.set(name, (this.errors.get(name) ?? 0) + 1);
    };
  }

  /** Since the first offer. */
  public get elapsedMs(): number {
    return performance.now() - this.startedAt;
  }
}

/** The most that was seen at once. */
class Peaks {
  public bytes = 0;
  public waiting = 0;

  public constructor(private readonly producer: KafkaProducer) {}

  public look(): void {
    this.bytes = Math.max(this.bytes, process.memoryUsage.rss());
    this.waiting = Math.max(this.waiting, this.waitingNow);
  }

  public get waitingNow(): number {
    return this.producer.metrics()['waiting-threads'] ?? 0;
  }
}

/** @param reach tells the other side that a stage is reached and waits until it has done its part */
export async function measureMemory(job: MemoryJob, reach: (stage: Stage) => Promise<void>): Promise<MemoryMeasure> {
  const { brokers, bufferMemory, maxBlockMs, topic, valueBytes, warmup } = job;
  const { producer, close } = await startOurs(brokers, { bufferMemory, maxBlockMs });
  const values = createPayloads(valueBytes);
  // A value of its own per record, as an application has it.
  const offer = (index: number) => producer.send({ topic, value: Buffer.from(values[index % values.length] ?? '') });
  await warmUp(offer, warmup);
  globalThis.gc?.();
  const baselineBytes = process.memoryUsage.rss();
  await reach('ready');
  while (job.brokerState === 'killed' && producer.status().connectedBrokers > 0) await nextTurn();

  const offered = Math.floor(job.offeredBytes / valueBytes);
  const outcomes = new Outcomes(maxBlockMs);
  const peaks = new Peaks(producer);
  for (let start = 0; start < offered; start += BURST) {
    const onFailed = outcomes.failuresFromNow();
    const end = Math.min(offered, start + BURST);
    for (let index = start; index < end; index++) offer(index).then(outcomes.onDelivered, onFailed);
    await nextTurn();
    peaks.look();
  }
  const offeredMs = outcomes.elapsedMs;
  await untilNobodyWaits(peaks, maxBlockMs);
  const { refusedAtOnce, failedAfterWaiting } = outcomes;
  await reach('refused');

  await producer.flush();
  await nextTurn();
  const delivered = outcomes.delivered;
  await close();
  return {
    offered,
    offeredMs,
    baselineBytes,
    peakBytes: peaks.bytes,
    waitingAtMost: peaks.waiting,
    refusedAtOnce,
    failedAfterWaiting,
    failedAfterMs:
      failedAfterWaiting === 0
        ? null
        : {
            min: outcomes.waits.milliseconds(0),
            median: outcomes.waits.milliseconds(50),
            max: outcomes.waits.milliseconds(100),
          },
    errors: Object.fromEntries(outcomes.errors),
    delivered,
    lost: offered - refusedAtOnce - failedAfterWaiting - delivered,
    acknowledged: warmup + delivered,
  };
}

async function warmUp(offer: (index: number) => Promise<unknown>, records: number): Promise<void> {
  for (let index = 0; index < records; index += BURST) {
    const burst = Math.min(BURST, records - index);
    await Promise.all(Array.from({ length: burst }, (_, step) => offer(index + step)));
  }
}

/** Every send has waited as long as it may, and nobody waits any more. */
async function untilNobodyWaits(peaks: Peaks, maxBlockMs: number): Promise<void> {
  const limit = performance.now() + maxBlockMs + EXTRA_LIMIT_MS;
  while (peaks.waitingNow > 0) {
    if (performance.now() > limit) {
      throw new Error(`${peaks.waitingNow} sends still wait long after maxBlockMs (${maxBlockMs} ms).`);
    }
    await delay(SAMPLE_INTERVAL_MS);
    peaks.look();
  }
}
