import { describe, expect, it } from '@jest/globals';
import { compareTelemetry, summarizeTelemetry } from './compare-telemetry.js';
import type { TelemetrySeries, TelemetryVariant, TelemetryWork } from './results.js';

function series(work: TelemetryWork, variant: TelemetryVariant, cpuMicrosPerMessage: number[]): TelemetrySeries {
  const messagesPerSecond = cpuMicrosPerMessage.map((cpu) => 1e6 / cpu);
  return { work, variant, records: 1000, messagesPerSecond, cpuMicrosPerMessage };
}

describe('compareTelemetry', () => {
  it.each([
    [2.03, true],
    [2.05, false],
  ])('judges %d µs without instrumentation against 2 µs of the other build: %p', (absent, met) => {
    const ratios = compareTelemetry([series('send', 'base', [2, 2]), series('send', 'absent', [absent, absent])]);
    expect(ratios).toMatchObject([{ work: 'send', name: 'cpu absent/base', ratio: absent / 2, met }]);
  });

  it('shows what instrumentation costs against none, for each work by itself, without a target', () => {
    const ratios = compareTelemetry([
      series('send', 'absent', [2]),
      series('send', 'traces', [8]),
      series('handle', 'absent', [4]),
      series('handle', 'metrics', [6]),
    ]);
    expect(ratios.map(({ met, name, ratio, work }) => [work, name, ratio, met])).toEqual([
      ['send', 'cpu traces/absent', 4, null],
      ['handle', 'cpu metrics/absent', 1.5, null],
    ]);
  });
});

describe('summarizeTelemetry', () => {
  it('takes the median of the repetitions', () => {
    expect(summarizeTelemetry(series('send', 'absent', [2, 8, 4]))).toMatchObject({
      variant: 'absent',
      cpuMicrosPerMessage: { median: 4, min: 2, max: 8 },
      messagesPerSecond: { median: 250_000 },
    });
  });
});
