import Table from 'cli-table3';
import { count, describeRun, PLAIN, ratioTable, show } from '../tables.js';
import type { TelemetryReport } from './results.js';

/** The report as tables for a terminal. */
export function renderTelemetryReport({ environment, ratios, results, settings }: TelemetryReport): string {
  const table = new Table({ ...PLAIN, head: ['work', 'instrumentation', 'records', 'messages/s', 'CPU µs/message'] });
  for (const { cpuMicrosPerMessage, messagesPerSecond, records, variant, work } of results) {
    table.push([work, variant, count(records), show(messagesPerSecond, 0), show(cpuMicrosPerMessage, 2)]);
  }
  const parts = [
    describeRun(environment),
    `${settings.repetitions} repetitions, median (min .. max); values of ${settings.valueBytes} B; send: one record per send, handle: an empty handler`,
    table.toString(),
    'base: the other build. absent: this one, without. metrics: of OpenTelemetry. traces: metrics, and a span for every record.',
  ];
  if (ratios.length > 0) parts.push(ratioTable(['work'], ratios, ({ work }) => [work]));
  return `${parts.join('\n')}\n`;
}
