import { createPayloads } from '../payloads.js';
import type { BenchClient } from './clients/bench-client.js';
import { connectClient } from './clients/connect-client.js';
import type { ThroughputJob, ThroughputMeasure } from './job.js';
import { LatencyRecorder } from './latency-recorder.js';

/** More would not make the percentiles better, but each costs the client under test time. */
const LATENCY_SAMPLES = 50_000;
/** As many requests as a producer has in flight. */
const CEILING_IN_FLIGHT = 5;

export async function measureThroughput(job: ThroughputJob): Promise<ThroughputMeasure> {
  const { brokers, topic, valueBytes } = job;
  const target = { brokers, topic, values: createPayloads(valueBytes), telemetry: job.telemetry };
  const client = await connectClient(job.client, target);
  const loops =
    job.client === 'ceiling' ? CEILING_IN_FLIGHT : Math.max(1, Math.floor(job.outstanding / client.recordsPerSend));
  const warmedUp = await pump(client, job.warmup, loops, new LatencyRecorder());

  const latencies = new LatencyRecorder();
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const records = await pump(client, job.records, loops, latencies);
  const seconds = (performance.now() - startedAt) / 1000;
  const cpu = process.cpuUsage(cpuBefore);

  await client.close();
  return {
    records,
    acknowledged: warmedUp + records,
    seconds,
    cpuMicrosPerMessage: (cpu.user + cpu.system) / records,
    p50Ms: latencies.milliseconds(50),
    p99Ms: latencies.milliseconds(99),
  };
}

/** Lets so many loops send and await until all is acknowledged; resolves to the number of records. */
async function pump(client: BenchClient, records: number, loops: number, latencies: LatencyRecorder): Promise<number> {
  const sends = Math.ceil(records / client.recordsPerSend);
  const sampleEvery = Math.max(1, Math.floor(sends / LATENCY_SAMPLES));
  let started = 0;
  const loop = async (): Promise<void> => {
    while (started < sends) {
      if (started++ % sampleEvery !== 0) {
        await client.send();
        continue;
      }
      const sentAt = performance.now();
      await client.send();
      latencies.record(performance.now() - sentAt);
    }
  };
  await Promise.all(Array.from({ length: loops }, loop));
  return sends * client.recordsPerSend;
}
