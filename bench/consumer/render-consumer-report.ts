import Table from 'cli-table3';
import { count, describeRun, PLAIN, ratioTable, show } from '../tables.js';
import type { ConsumerReport, ConsumerResult, TransformResult } from './results.js';

/** The report as tables for a terminal. */
export function renderConsumerReport(report: ConsumerReport): string {
  const { empty, environment, ratios, settings, transforms, waiting } = report;
  const { keys, partitions, repetitions, valueBytes, waitMs } = settings;
  const parts = [
    describeRun(environment),
    `${repetitions} repetitions, median (min .. max); handlers of a Nest application; JSON of ${valueBytes} B`,
  ];
  if (empty.length > 0) {
    parts.push(consumerTable(`empty handler, ${partitions} partitions`, empty, ({ client }) => client));
  }
  if (waiting.length > 0) {
    const head = `handler that waits ${waitMs} ms, 1 partition, ${keys} keys`;
    const label = (keysAtOnce: number | null): string =>
      keysAtOnce === null ? 'one after the other' : `${keysAtOnce} keys at once`;
    parts.push(consumerTable(head, waiting, ({ keysAtOnce }) => label(keysAtOnce)));
  }
  if (transforms.length > 0) parts.push(transformTable(transforms));
  if (ratios.length > 0) parts.push(ratioTable([], ratios, () => []));
  return `${parts.join('\n')}\n`;
}

function consumerTable<Result extends ConsumerResult>(
  head: string,
  results: readonly Result[],
  label: (result: Result) => string,
): string {
  const table = new Table({ ...PLAIN, head: [head, 'records', 'messages/s', 'CPU µs/message'] });
  for (const result of results) {
    table.push([
      label(result),
      count(result.records),
      show(result.messagesPerSecond, 0),
      show(result.cpuMicrosPerMessage, 2),
    ]);
  }
  return table.toString();
}

function transformTable(results: readonly TransformResult[]): string {
  const table = new Table({
    ...PLAIN,
    head: ['consume, transform, produce', 'at once', 'messages', 'transactions/s', 'messages/s', 'CPU µs/message'],
  });
  for (const result of results) {
    table.push([
      result.client,
      count(result.parallel),
      count(result.messages),
      show(result.transactionsPerSecond, 1),
      show(result.messagesPerSecond, 0),
      show(result.cpuMicrosPerMessage, 1),
    ]);
  }
  return `${table.toString()}\nServerKafka with a transactional producer of kafkajs, by hand in the handler.`;
}
