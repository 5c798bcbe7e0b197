import Table from 'cli-table3';
import { count, describeRun, number, PLAIN, ratioTable, show } from '../tables.js';
import type { TransactionReport, TransactionResult } from './results.js';

/** The report as tables for a terminal; of latencies, the medians of the repetitions. */
export function renderTransactionReport({ environment, ratios, settings, transactions }: TransactionReport): string {
  const { brokers, partitions, repetitions, valueBytes, warmupMs, windowMs } = settings;
  const parts = [
    describeRun(environment),
    `${repetitions} repetitions of ${windowMs} ms after ${warmupMs} ms, median (min .. max); messages of ${valueBytes} B; ${partitions} partitions on ${brokers} broker(s)`,
    transactionTable(transactions),
  ];
  if (ratios.length > 0) {
    parts.push(
      ratioTable(['producers', 'messages'], ratios, ({ messages, producers }) => [count(producers), count(messages)]),
    );
  }
  return `${parts.join('\n')}\n`;
}

function transactionTable(results: readonly TransactionResult[]): string {
  const table = new Table({
    ...PLAIN,
    head: ['producers', 'messages', 'client', 'transactions/s', 'p50, p99 ms', 'commit ms', 'abort ms', 'failed'],
  });
  for (const result of results) {
    const both = (p50: { median: number }, p99: { median: number }): string =>
      `${number(p50.median, 2)}, ${number(p99.median, 2)}`;
    table.push([
      count(result.producers),
      count(result.messages),
      result.scenario,
      show(result.transactionsPerSecond, 1),
      both(result.p50Ms, result.p99Ms),
      both(result.commitP50Ms, result.commitP99Ms),
      both(result.abortP50Ms, result.abortP99Ms),
      Object.entries(result.errors)
        .map(([name, failures]) => `${name} ${count(failures)}`)
        .join(', '),
    ]);
  }
  return `${table.toString()}\nThe commit of Java also sends the messages; ours and kafkajs have awaited them before.`;
}
