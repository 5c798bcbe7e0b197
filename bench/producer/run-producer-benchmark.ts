import type { ProducerBenchOptions } from '../arguments.js';
import type { BenchRun } from '../bench-run.js';
import { onBenchCluster } from '../on-bench-cluster.js';
import { PARTITIONS } from '../worker/clients/connect-client.js';
import { compareProducers } from './compare-producers.js';
import type { ProducerReport } from './results.js';
import { runLatency, summarizeLatency } from './run-latency.js';
import { runMemory } from './run-memory.js';
import { OUTSTANDING, runThroughput, summarizeThroughput, warmUpBroker } from './run-throughput.js';

/** Measures all that was chosen, on one broker started for it (or on `KAFKA_BROKERS`), one after the other. */
export function runProducerBenchmark(
  options: ProducerBenchOptions,
  progress: (line: string) => void,
): Promise<ProducerReport> {
  return onBenchCluster(1, options.only.has('java'), progress, async (cluster, environment) => {
    const run: BenchRun = { cluster, options, progress };
    await warmUpBroker(run);
    const throughput = await runThroughput(run);
    const latency = await runLatency(run);
    const memory = await runMemory(run);
    const { records, repetitions, warmup } = options;
    return {
      environment,
      settings: { records, warmup, repetitions, partitions: PARTITIONS, outstanding: OUTSTANDING },
      throughput: throughput.map(summarizeThroughput),
      latency: latency.map(summarizeLatency),
      memory,
      ratios: compareProducers(throughput, latency),
    };
  });
}
