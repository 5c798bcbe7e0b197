import { createPayloads } from '../payloads.js';
import { connectClient } from './clients/connect-client.js';
import type { LatencyJob, LatencyMeasure } from './job.js';
import { LatencyRecorder } from './latency-recorder.js';

export async function measureLatency(job: LatencyJob): Promise<LatencyMeasure> {
  const { brokers, topic, sends, valueBytes, warmup } = job;
  const client = await connectClient(job.client, { brokers, topic, values: createPayloads(valueBytes) });
  for (let sent = 0; sent < warmup; sent++) await client.send();
  const latencies = new LatencyRecorder();
  for (let sent = 0; sent < sends; sent++) {
    const sentAt = performance.now();
    await client.send();
    latencies.record(performance.now() - sentAt);
  }
  await client.close();
  return {
    sends,
    acknowledged: warmup + sends,
    p50Ms: latencies.milliseconds(50),
    p99Ms: latencies.milliseconds(99),
  };
}
