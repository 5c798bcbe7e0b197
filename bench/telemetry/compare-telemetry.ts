import { compare, type RatioTarget } from '../ratios.js';
import { spread } from '../statistics.js';
import type { TelemetryRatio, TelemetryResult, TelemetrySeries, TelemetryVariant } from './results.js';

/** Whoever does not use it should not pay for it. */
const ABSENT: RatioTarget = { bound: 'at most', value: 1.02 };

/** Processor time per message, which other programs disturb less than messages per second: without instrumentation against the other build, and with it against without. */
export function compareTelemetry(all: readonly TelemetrySeries[]): TelemetryRatio[] {
  return all
    .filter(({ variant }) => variant !== 'base')
    .flatMap(({ cpuMicrosPerMessage, variant, work }) => {
      const against: TelemetryVariant = variant === 'absent' ? 'base' : 'absent';
      const other = all.find((series) => series.work === work && series.variant === against);
      const target = variant === 'absent' ? ABSENT : null;
      const ratio = compare(
        `cpu ${variant}/${against}`,
        { work },
        cpuMicrosPerMessage,
        other?.cpuMicrosPerMessage,
        target,
      );
      return ratio === null ? [] : [ratio];
    });
}

export function summarizeTelemetry(series: TelemetrySeries): TelemetryResult {
  return {
    ...series,
    messagesPerSecond: spread(series.messagesPerSecond),
    cpuMicrosPerMessage: spread(series.cpuMicrosPerMessage),
  };
}
