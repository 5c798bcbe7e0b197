import Table from 'cli-table3';
import type { Spread } from '../statistics.js';
import type { Ratio } from './ratios.js';
import type { LatencyResult, MemoryResult, ProducerReport, ThroughputResult } from './results.js';

const PLAIN = { style: { head: [], border: [] } };

/** The report as tables for a terminal. */
export function renderReport(report: ProducerReport): string {
  const { environment, settings } = report;
  const parts = [
    `Kafka ${environment.kafka}, Node ${environment.node}, kafkajs ${environment.kafkajs}, ${environment.cpus} x ${environment.cpuModel}, ${environment.date}`,
    `${settings.repetitions} repetitions, median (min .. max); acks=all; ${settings.partitions} partitions; ${settings.outstanding} records outstanding (Java: its buffer)`,
  ];
  if (report.throughput.length > 0) parts.push(throughputTable(report.throughput));
  if (report.latency.length > 0) parts.push(latencyTable(report.latency));
  if (report.memory.length > 0) parts.push(memoryTable(report.memory));
  if (report.ratios.length > 0) parts.push(ratioTable(report.ratios));
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
      'broker stopped',
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

function ratioTable(ratios: readonly Ratio[]): string {
  const table = new Table({ ...PLAIN, head: ['ratio', 'value', 'median', 'min .. max', 'target', ''] });
  for (const { name, valueBytes, ratio, range, target, met } of ratios) {
    table.push([
      name,
      `${valueBytes} B`,
      number(ratio, 2),
      `${number(range.min, 2)} .. ${number(range.max, 2)}`,
      target === null ? '' : `${target.bound} ${target.value}`,
      verdict(met),
    ]);
  }
  return table.toString();
}

function show({ median, min, max }: Spread, digits: number): string {
  return `${number(median, digits)} (${number(min, digits)} .. ${number(max, digits)})`;
}

function number(value: number, digits: number): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function count(value: number): string {
  return number(value, 0);
}

function mebibytes(bytes: number): string {
  return `${number(bytes / 2 ** 20, 1)} MiB`;
}

function failureTimes(after: Spread | null): string {
  return after === null ? 'never failed' : `${number(after.min, 0)} .. ${number(after.max, 0)} ms`;
}

function verdict(met: boolean | null): string {
  if (met === null) return '';
  return met ? 'met' : 'not met';
}
