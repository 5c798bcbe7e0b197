import type { ThroughputMeasure } from '../worker/job.js';
import { compareProducers } from './compare-producers.js';
import type { ThroughputScenario } from './results.js';
import type { ThroughputSeries } from './run-throughput.js';

function series(
  scenario: ThroughputScenario,
  valueBytes: number,
  messagesPerSecond: number,
  cpuMicrosPerMessage: number | null,
): ThroughputSeries {
  const measure: ThroughputMeasure = {
    records: messagesPerSecond,
    acknowledged: messagesPerSecond,
    seconds: 1,
    cpuMicrosPerMessage,
    p50Ms: 1,
    p99Ms: 2,
  };
  return { scenario, valueBytes, measures: [measure] };
}

function latency(scenario: 'ours-linger-0' | 'kafkajs-send', p50Ms: number, p99Ms: number) {
  return { scenario, valueBytes: 100, measures: [{ sends: 10, acknowledged: 10, p50Ms, p99Ms }] };
}

describe('compareProducers', () => {
  it('puts ours over every peer, and judges by the targets of small records', () => {
    const ratios = compareProducers(
      [
        series('ours', 100, 600_000, 2),
        series('java', 100, 500_000, 3),
        series('kafkajs-send', 100, 6000, 120),
        series('kafkajs-send-batch', 100, 150_000, 7),
        series('ceiling', 100, 1_200_000, 1),
      ],
      [],
    );
    expect(ratios.map(({ name, ratio, met }) => [name, ratio, met])).toEqual([
      ['ours/java', 1.2, true],
      ['ours/kafkajsSend', 100, true],
      ['ours/kafkajsSendBatch', 4, null],
      ['ours/ceiling', 0.5, null],
      ['cpuKafkajs/cpuOurs', 60, true],
      ['cpuJava/cpuOurs', 1.5, null],
    ]);
  });

  it('sets no target against kafkajs for large records, and compares only what was measured at the same size', () => {
    const ratios = compareProducers(
      [series('ours', 1024, 100_000, null), series('kafkajs-send', 1024, 5000, null), series('java', 100, 500_000, 3)],
      [],
    );
    expect(ratios).toMatchObject([{ name: 'ours/kafkajsSend', valueBytes: 1024, ratio: 20, met: null }]);
  });

  it('wants a latency no worse than that of kafkajs', () => {
    const ratios = compareProducers([], [latency('ours-linger-0', 0.5, 3), latency('kafkajs-send', 1, 2)]);
    expect(ratios).toMatchObject([
      { name: 'latencyP50Ours/latencyP50Kafkajs', ratio: 0.5, met: true },
      { name: 'latencyP99Ours/latencyP99Kafkajs', ratio: 1.5, met: false },
    ]);
  });
});
