import Table from 'cli-table3';
import type { BenchEnvironment } from './environment.js';
import type { Ratio } from './ratios.js';
import type { Spread } from './statistics.js';

/** How the tables of all reports look. */
export const PLAIN = { style: { head: [], border: [] } };

/** The first line of a report. */
export function describeRun(environment: BenchEnvironment): string {
  const { cpuModel, cpus, date, kafka, kafkajs, node } = environment;
  return `Kafka ${kafka}, Node ${node}, kafkajs ${kafkajs}, ${cpus} x ${cpuModel}, ${date}`;
}

/** @param subjectOf the cells of a ratio under `subjectHeads` */
export function ratioTable<R extends Ratio>(
  subjectHeads: readonly string[],
  ratios: readonly R[],
  subjectOf: (ratio: R) => string[],
): string {
  const table = new Table({ ...PLAIN, head: ['ratio', ...subjectHeads, 'median', 'min .. max', 'target', ''] });
  for (const each of ratios) {
    const { name, ratio, range, target, met } = each;
    table.push([
      name,
      ...subjectOf(each),
      number(ratio, 2),
      `${number(range.min, 2)} .. ${number(range.max, 2)}`,
      target === null ? '' : `${target.bound} ${target.value}`,
      verdict(met),
    ]);
  }
  return table.toString();
}

export function show({ median, min, max }: Spread, digits: number): string {
  return `${number(median, digits)} (${number(min, digits)} .. ${number(max, digits)})`;
}

export function number(value: number, digits: number): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function count(value: number): string {
  return number(value, 0);
}

export function verdict(met: boolean | null): string {
  if (met === null) return '';
  return met ? 'met' : 'not met';
}
