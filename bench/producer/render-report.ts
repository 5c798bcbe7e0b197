import Table from 'cli-table3';
import type { Spread } from '../statistics.js';
import { count, describeRun, number, PLAIN, ratioTable, show, verdict } from '../tables.js';
import type { LatencyResult, MemoryResult, ProducerReport, ThroughputResult } from './results.js';

/** The report as tables for a terminal. */
export function renderReport(report: ProducerReport): string {
  const { environment, settings } = report;
  const parts = [
    describeRun(environment),
    `${settings.repetitions} repetitions, median (min .. max); acks=all; ${settings.partitions} partitions; ${settings.outstanding} records outstanding (Java: its buffer)`,
  ];
  if (report.throughput.length > 0) parts.push(throughputTable(report.throughput));
  if (report.latency.length > 0) parts.push(latencyTable(report.latency));
  if (report.memory.length > 0) parts.push(memoryTable(report.memory));
  if (report.ratios.length > 0) {
    parts.push(ratioTable(['value'], report.ratios, ({ valueBytes }) => [`${valueBytes} B`]));
  }
  return `${parts.join('\n')}\n`;
}

function throughputTable(results: readonly ThroughputResult[]): string {
  const table = new Table({
    ...PLAIN,
    head: ['value', 'client', 'messages/s', 'MB/s', 'CPU µs/message', 'p50 ms', 'p99 ms'],
  });
  for (const result of results) {
    table.push([
      `${result.valueBytes} B`,
      result.scenario,
      show(result.messagesPerSecond, 0),
      show(result.megabytesPerSecond, 1),
      result.cpuMicrosPerMessage === null ? '?' : show(result.cpuMicrosPerMessage, 2),
      show(result.p50Ms, 1),
      show(result.p99Ms, 1),
    ]);
  }
  return `${table.toString()}\nLatency is that of one send: of a thousand messages for kafkajs-send-batch, of a request for ceiling. Java's queue is as long as its buffer.`;
}

function latencyTable(results: readonly LatencyResult[]): string {
  const table = new Table({ ...PLAIN, head: ['one awaited send at a time', 'p50 ms', 'p99 ms'] });
  for (const { scenario, valueBytes, p50Ms, p99Ms } of results) {
    table.push([`${scenario}, ${valueBytes} B`, show(p50Ms, 3), show(p99Ms, 3)]);
  }
  return table.toString();
}

function memoryTable(results: readonly MemoryResult[]): string {
  const table = new Table({
    ...PLAIN,
    head: [
      'broker',
      'values',
      'offered',
      'grew by',
      'at most',
      'waited',
      'refused at once',
      'failed with',
      'delivered',
      'lost',
      '',
    ],
  });
  for (const result of results) {
    table.push([
      result.brokerState,
      `${result.valueBytes} B`,
      count(result.offered),
      mebibytes(result.growthBytes),
      mebibytes(result.limitBytes),
      `${count(result.failedAfterWaiting)}, ${failureTimes(result.failedAfterMs)}`,
      count(result.refusedAtOnce),
      Object.entries(result.errors)
        .map(([name, failures]) => `${name} ${count(failures)}`)
        .join(', '),
      count(result.delivered),
      count(result.lost),
      verdict(result.met),
    ]);
  }
  return table.toString();
}

function mebibytes(bytes: number): string {
  return `${number(bytes / 2 ** 20, 1)} MiB`;
}

function failureTimes(after: Spread | null): string {
  return after === null ? 'never failed' : `${number(after.min, 0)} .. ${number(after.max, 0)} ms`;
}
