import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { TelemetryBenchOptions } from '../arguments.js';
import { type BenchRun, inTurn, profileFlags } from '../bench-run.js';
import { assertStored, withTopic } from '../bench-topic.js';
import { fill, measureConsumer, newGroupId, PARTITIONS, VALUE_BYTES } from '../consumer/measure-consumer.js';
import { onBenchCluster } from '../on-bench-cluster.js';
import { OUTSTANDING } from '../producer/run-throughput.js';
import { runWorker } from '../run-worker.js';
import type { TelemetryMode } from '../worker/job.js';
import { compareTelemetry, summarizeTelemetry } from './compare-telemetry.js';
import type { TelemetryReport, TelemetrySeries, TelemetryVariant, TelemetryWork } from './results.js';

type TelemetryRun = BenchRun<TelemetryBenchOptions>;

interface Measured {
  readonly records: number;
  readonly seconds: number;
  readonly cpuMicrosPerMessage: number | null;
}

type Measure = (variant: TelemetryVariant) => Promise<Measured>;

/** Measures each variant once per repetition, close together, each in a process of its own; the other build runs its own worker. */
export function runTelemetryBenchmark(
  options: TelemetryBenchOptions,
  progress: (line: string) => void,
): Promise<TelemetryReport> {
  return onBenchCluster(1, false, progress, async (cluster, environment) => {
    const run: TelemetryRun = { cluster, options, progress };
    const series = [
      ...(await repeat(run, 'send', (variant) => measureSend(run, variant))),
      ...(await withTopic(
        cluster,
        async (topic) => {
          await fill(run, topic, options.records);
          return repeat(run, 'handle', (variant) => measureHandle(run, topic, variant));
        },
        PARTITIONS,
      )),
    ];
    return {
      environment,
      settings: { repetitions: options.repetitions, valueBytes: VALUE_BYTES },
      results: series.map(summarizeTelemetry),
      ratios: compareTelemetry(series),
    };
  });
}

async function repeat(run: TelemetryRun, work: TelemetryWork, measure: Measure): Promise<TelemetrySeries[]> {
  const { options, progress } = run;
  const variants: TelemetryVariant[] = [...(options.base === null ? [] : ['base' as const]), ...options.only];
  const measures = new Map(variants.map((variant) => [variant, [] as Measured[]]));
  progress(`warming up the broker: ${work}`);
  await measure('absent');
  for (let repetition = 0; repetition < options.repetitions; repetition++) {
    for (const variant of inTurn(variants, repetition)) {
      const measured = await measure(variant);
      measures.get(variant)?.push(measured);
      const rate = Math.round(measured.records / measured.seconds).toLocaleString('en');
      progress(
        `repetition ${repetition + 1}: ${work} ${variant} ${rate} messages/s, ${measured.cpuMicrosPerMessage?.toFixed(2)} µs CPU each`,
      );
    }
  }
  return [...measures].map(([variant, all]) => ({
    work,
    variant,
    records: all[0]?.records ?? 0,
    messagesPerSecond: all.map(({ records, seconds }) => records / seconds),
    cpuMicrosPerMessage: all.map(({ cpuMicrosPerMessage }) => cpuMicrosPerMessage ?? Number.NaN),
  }));
}

function measureSend(run: TelemetryRun, variant: TelemetryVariant): Promise<Measured> {
  const { cluster, options } = run;
  return withTopic(cluster, async (topic) => {
    const measured = await runWorker(
      {
        kind: 'throughput',
        client: 'ours',
        brokers: cluster.bootstrapServers(),
        topic,
        valueBytes: VALUE_BYTES,
        records: options.records,
        warmup: options.records,
        outstanding: OUTSTANDING,
        telemetry: modeOf(variant),
      },
      { nodeFlags: profileFlags(options), worker: workerOf(options, variant) },
    );
    await assertStored(cluster, topic, measured.acknowledged);
    return measured;
  });
}

function measureHandle(run: TelemetryRun, topic: string, variant: TelemetryVariant): Promise<Measured> {
  const { cluster, options } = run;
  return measureConsumer(
    run,
    {
      kind: 'consume',
      client: 'auto',
      brokers: cluster.bootstrapServers(),
      topic,
      groupId: newGroupId(),
      records: options.records,
      telemetry: modeOf(variant),
    },
    workerOf(options, variant),
  );
}

function modeOf(variant: TelemetryVariant): TelemetryMode | undefined {
  return variant === 'base' || variant === 'absent' ? undefined : variant;
}

/** undefined: that of this build. */
function workerOf({ base }: TelemetryBenchOptions, variant: TelemetryVariant): URL | undefined {
  if (variant !== 'base' || base === null) return undefined;
  return pathToFileURL(join(resolve(base), 'bench', 'worker', 'main.js'));
}
