import { runWorker } from '../run-worker.js';
import { spread } from '../statistics.js';
import type { LatencyMeasure } from '../worker/job.js';
import { inTurn, profileFlags, type BenchRun } from '../bench-run.js';
import { assertStored, withTopic } from '../bench-topic.js';
import type { LatencyResult, LatencyScenario } from './results.js';

const SCENARIOS: readonly LatencyScenario[] = ['ours-linger-0', 'ours', 'kafkajs-send'];
const SENDS = 2000;
const WARMUP_SENDS = 1000;
const VALUE_BYTES = 100;

/** One client's measurements, one per repetition. */
export interface LatencySeries {
  readonly scenario: LatencyScenario;
  readonly valueBytes: number;
  readonly measures: readonly LatencyMeasure[];
}

/** One awaited send after the other. */
export async function runLatency(run: BenchRun): Promise<LatencySeries[]> {
  if (!run.options.only.has('latency')) return [];
  const series = new Map(SCENARIOS.map((scenario) => [scenario, [] as LatencyMeasure[]]));
  for (let repetition = 0; repetition < run.options.repetitions; repetition++) {
    for (const scenario of inTurn(SCENARIOS, repetition)) {
      const measured = await measure(run, scenario);
      series.get(scenario)?.push(measured);
      const { p50Ms, p99Ms } = measured;
      run.progress(
        `one at a time, repetition ${repetition + 1}: ${scenario} p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`,
      );
    }
  }
  return [...series].map(([scenario, measures]) => ({ scenario, valueBytes: VALUE_BYTES, measures }));
}

export function summarizeLatency({ scenario, valueBytes, measures }: LatencySeries): LatencyResult {
  return {
    scenario,
    valueBytes,
    sends: SENDS,
    p50Ms: spread(measures.map(({ p50Ms }) => p50Ms)),
    p99Ms: spread(measures.map(({ p99Ms }) => p99Ms)),
  };
}

function measure({ cluster, options }: BenchRun, client: LatencyScenario): Promise<LatencyMeasure> {
  return withTopic(cluster, async (topic) => {
    const measured = await runWorker(
      {
        kind: 'latency',
        client,
        brokers: cluster.bootstrapServers(),
        topic,
        valueBytes: VALUE_BYTES,
        sends: SENDS,
        warmup: WARMUP_SENDS,
      },
      { nodeFlags: client === 'kafkajs-send' ? [] : profileFlags(options) },
    );
    await assertStored(cluster, topic, measured.acknowledged);
    return measured;
  });
}
