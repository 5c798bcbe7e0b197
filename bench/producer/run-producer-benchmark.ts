import { KafkaTestCluster } from 'nestjs-kafka-producer/testing';
import type { BenchOptions } from '../arguments.js';
import { describeEnvironment, systemLoad } from '../environment.js';
import { PARTITIONS } from '../worker/clients/connect-client.js';
import type { BenchRun } from './bench-run.js';
import { compareProducers } from './compare-producers.js';
import type { ProducerReport } from './results.js';
import { runLatency, summarizeLatency } from './run-latency.js';
import { runMemory } from './run-memory.js';
import { OUTSTANDING, runThroughput, summarizeThroughput, warmUpBroker } from './run-throughput.js';

/** A load of other programs from which on figures say little. */
const DISTURBING_LOAD = 0.5;

/** Measures all that was chosen, on one broker started for it (or on `KAFKA_BROKERS`), one after the other. */
export async function runProducerBenchmark(
  options: BenchOptions,
  progress: (line: string) => void,
): Promise<ProducerReport> {
  const loadBefore = systemLoad();
  if (loadBefore > DISTURBING_LOAD) {
    progress(`other programs keep this machine busy (load ${loadBefore}): repeat the run when they do not`);
  }
  progress('starting Kafka');
  await using cluster = await KafkaTestCluster.start({ brokers: 1, profile: 'bench' });
  // Without Java there is nothing to compare with: better to say so now than after minutes.
  if (options.only.has('java')) await cluster.classpath();
  const environment = describeEnvironment(cluster.description.kafkaVersion, cluster.isExternal, loadBefore);
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
}
