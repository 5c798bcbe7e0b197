import { spread } from '../statistics.js';
import { runWorker } from '../run-worker.js';
import { KAFKAJS_BATCH } from '../worker/clients/connect-client.js';
import type { ThroughputMeasure } from '../worker/job.js';
import { inTurn, profileFlags, type BenchRun } from '../bench-run.js';
import { assertStored, withTopic } from '../bench-topic.js';
import { measureJava } from './java-performance.js';
import type { ThroughputResult, ThroughputScenario } from './results.js';

/** Records sent and not yet acknowledged. Kafka's tool is bounded by its buffer of 32 MiB instead. */
export const OUTSTANDING = 10_000;

/** kafkajs is slow enough for a part of the records; no part is smaller than it needs to get warm. */
const SHARES: Readonly<Record<ThroughputScenario, { readonly records: number; readonly warmup: number }>> = {
  ours: { records: 1, warmup: 1 },
  java: { records: 1, warmup: 1 },
  ceiling: { records: 1, warmup: 0.5 },
  'kafkajs-send': { records: 0.03, warmup: 0.01 },
  'kafkajs-send-batch': { records: 0.5, warmup: 0.1 },
};
const FEWEST_RECORDS = 10 * KAFKAJS_BATCH;

const SCENARIOS = Object.keys(SHARES) as ThroughputScenario[];

/** One client's measurements with values of one size, one per repetition. */
export interface ThroughputSeries {
  readonly scenario: ThroughputScenario;
  readonly valueBytes: number;
  readonly measures: readonly ThroughputMeasure[];
}

export async function runThroughput(run: BenchRun): Promise<ThroughputSeries[]> {
  const { options } = run;
  const scenarios = SCENARIOS.filter((scenario) => options.only.has(scenario));
  if (scenarios.length === 0) return [];
  const all: ThroughputSeries[] = [];
  for (const valueBytes of options.sizes) {
    const series = new Map(scenarios.map((scenario) => [scenario, [] as ThroughputMeasure[]]));
    for (let repetition = 0; repetition < options.repetitions; repetition++) {
      for (const scenario of inTurn(scenarios, repetition)) {
        const measured = await measure(run, scenario, valueBytes);
        series.get(scenario)?.push(measured);
        run.progress(describe(scenario, valueBytes, repetition, measured));
      }
    }
    for (const [scenario, measures] of series) all.push({ scenario, valueBytes, measures });
  }
  return all;
}

export function summarizeThroughput({ scenario, valueBytes, measures }: ThroughputSeries): ThroughputResult {
  const cpu = cpuSeries(measures);
  return {
    scenario,
    valueBytes,
    records: measures[0]?.records ?? 0,
    messagesPerSecond: spread(rates(measures)),
    megabytesPerSecond: spread(rates(measures).map((rate) => (rate * valueBytes) / 1e6)),
    cpuMicrosPerMessage: cpu === null ? null : spread(cpu),
    p50Ms: spread(measures.map(({ p50Ms }) => p50Ms)),
    p99Ms: spread(measures.map(({ p99Ms }) => p99Ms)),
  };
}

/** Messages per second. */
export function rates(measures: readonly ThroughputMeasure[]): number[] {
  return measures.map(({ records, seconds }) => records / seconds);
}

/** Microseconds of processor time per message, or null where one could not be told. */
export function cpuSeries(measures: readonly ThroughputMeasure[]): number[] | null {
  const known = measures.flatMap(({ cpuMicrosPerMessage }) => cpuMicrosPerMessage ?? []);
  return known.length === measures.length ? known : null;
}

/** The broker's own code is compiled while it runs: the first client would pay for that. */
export async function warmUpBroker(run: BenchRun): Promise<void> {
  run.progress('warming up the broker');
  await measure(run, 'ceiling', run.options.sizes[0] ?? 100);
}

function measure(run: BenchRun, scenario: ThroughputScenario, valueBytes: number): Promise<ThroughputMeasure> {
  const { cluster, options } = run;
  const share = SHARES[scenario];
  const records = Math.max(FEWEST_RECORDS, Math.round(options.records * share.records));
  const warmup = Math.max(KAFKAJS_BATCH, Math.round(options.warmup * share.warmup));
  return withTopic(cluster, async (topic) => {
    const measured =
      scenario === 'java'
        ? await measureJava(cluster, { topic, valueBytes, records, warmup })
        : await runWorker(
            {
              kind: 'throughput',
              client: scenario,
              brokers: cluster.bootstrapServers(),
              topic,
              valueBytes,
              records,
              warmup,
              outstanding: OUTSTANDING,
            },
            { nodeFlags: scenario === 'ours' ? profileFlags(options) : [] },
          );
    await assertStored(cluster, topic, measured.acknowledged);
    return measured;
  });
}

function describe(
  scenario: ThroughputScenario,
  valueBytes: number,
  repetition: number,
  measured: ThroughputMeasure,
): string {
  const rate = Math.round(measured.records / measured.seconds).toLocaleString('en');
  const cpu = measured.cpuMicrosPerMessage?.toFixed(2) ?? '?';
  return `${valueBytes} B, repetition ${repetition + 1}: ${scenario} ${rate} messages/s, ${cpu} µs CPU each`;
}
