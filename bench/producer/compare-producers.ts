import { compare, type RatioTarget, type Series } from '../ratios.js';
import type { LatencySeries } from './run-latency.js';
import { cpuSeries, rates, type ThroughputSeries } from './run-throughput.js';
import type { LatencyScenario, ProducerRatio, ThroughputScenario } from './results.js';

const AT_LEAST_JAVA: RatioTarget = { bound: 'at least', value: 1 };
const KAFKAJS_SEND: RatioTarget = { bound: 'at least', value: 60 };
const KAFKAJS_CPU: RatioTarget = { bound: 'at least', value: 40 };
const KAFKAJS_LATENCY: RatioTarget = { bound: 'at most', value: 1 };
/** The targets against kafkajs are about small records, where the cost per record shows. */
const SMALL_VALUE_BYTES = 100;

/** All ratios that what was measured allows. */
export function compareProducers(
  throughput: readonly ThroughputSeries[],
  latency: readonly LatencySeries[],
): ProducerRatio[] {
  const sizes = [...new Set(throughput.map(({ valueBytes }) => valueBytes))];
  return [...sizes.flatMap((size) => throughputRatios(throughput, size)), ...latencyRatios(latency)].filter(
    (ratio) => ratio !== null,
  );
}

function throughputRatios(all: readonly ThroughputSeries[], size: number): (ProducerRatio | null)[] {
  const measures = (wanted: ThroughputScenario) =>
    all.find(({ scenario, valueBytes }) => scenario === wanted && valueBytes === size)?.measures;
  const rate = (scenario: ThroughputScenario): Series | undefined => {
    const found = measures(scenario);
    return found === undefined ? undefined : rates(found);
  };
  const cpu = (scenario: ThroughputScenario): Series | undefined => cpuSeries(measures(scenario) ?? []) ?? undefined;
  const ours = rate('ours');
  const whenSmall = (target: RatioTarget): RatioTarget | null => (size === SMALL_VALUE_BYTES ? target : null);
  return [
    compare('ours/java', { valueBytes: size }, ours, rate('java'), AT_LEAST_JAVA),
    compare('ours/kafkajsSend', { valueBytes: size }, ours, rate('kafkajs-send'), whenSmall(KAFKAJS_SEND)),
    compare('ours/kafkajsSendBatch', { valueBytes: size }, ours, rate('kafkajs-send-batch')),
    compare('ours/ceiling', { valueBytes: size }, ours, rate('ceiling')),
    compare('cpuKafkajs/cpuOurs', { valueBytes: size }, cpu('kafkajs-send'), cpu('ours'), whenSmall(KAFKAJS_CPU)),
    compare('cpuJava/cpuOurs', { valueBytes: size }, cpu('java'), cpu('ours')),
  ];
}

function latencyRatios(all: readonly LatencySeries[]): (ProducerRatio | null)[] {
  const find = (wanted: LatencyScenario) => all.find(({ scenario }) => scenario === wanted);
  const size = all[0]?.valueBytes ?? SMALL_VALUE_BYTES;
  const p50 = (scenario: LatencyScenario) => find(scenario)?.measures.map(({ p50Ms }) => p50Ms);
  const p99 = (scenario: LatencyScenario) => find(scenario)?.measures.map(({ p99Ms }) => p99Ms);
  return [
    compare(
      'latencyP50Ours/latencyP50Kafkajs',
      { valueBytes: size },
      p50('ours-linger-0'),
      p50('kafkajs-send'),
      KAFKAJS_LATENCY,
    ),
    compare(
      'latencyP99Ours/latencyP99Kafkajs',
      { valueBytes: size },
      p99('ours-linger-0'),
      p99('kafkajs-send'),
      KAFKAJS_LATENCY,
    ),
  ];
}
