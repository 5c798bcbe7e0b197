import type { TransactionScenario } from '../arguments.js';
import type { TransactionMeasure } from '../worker/job.js';
import { compareTransactions } from './compare-transactions.js';
import { summarizeTransactions, type TransactionSeries } from './run-transactions.js';

function measure(perSecond: number, errors: Record<string, number> = {}): TransactionMeasure {
  const latency = { p50Ms: 1, p99Ms: 2 };
  return {
    transactions: perSecond * 3,
    seconds: 3,
    committed: perSecond * 4,
    errors,
    whole: latency,
    commit: latency,
    abort: latency,
  };
}

function series(
  scenario: TransactionScenario,
  messages: number,
  producers: number,
  ...perSecond: number[]
): TransactionSeries {
  return { scenario, messages, producers, measures: perSecond.map((rate) => measure(rate)) };
}

describe('compareTransactions', () => {
  it('judges one message by one producer against both peers, and sixteen producers against one', () => {
    const ratios = compareTransactions([
      series('ours', 1, 1, 600),
      series('kafkajs', 1, 1, 10),
      series('java', 1, 1, 400),
      series('ours', 1, 16, 1800),
      series('kafkajs', 1, 16, 60),
      series('java', 1, 16, 900),
    ]);
    expect(ratios.map(({ name, producers, ratio, met }) => [name, producers, ratio, met])).toEqual([
      ['ours/java', 1, 1.5, false],
      ['ours/kafkajs', 1, 60, true],
      ['ours/java', 16, 2, null],
      ['ours/kafkajs', 16, 30, null],
      ['ours/oursWithOneProducer', 16, 3, true],
    ]);
  });

  it('sets no target for larger transactions and other numbers of producers', () => {
    const ratios = compareTransactions([
      series('ours', 100, 1, 600),
      series('java', 100, 1, 600),
      series('ours', 100, 4, 600),
      series('ours', 100, 16, 600),
    ]);
    expect(ratios.map(({ name, messages, producers, met }) => [name, messages, producers, met])).toEqual([
      ['ours/java', 100, 1, null],
      ['ours/oursWithOneProducer', 100, 4, null],
      ['ours/oursWithOneProducer', 100, 16, null],
    ]);
  });

  it('compares only what was measured under the same load', () => {
    expect(compareTransactions([series('ours', 1, 4, 600), series('java', 1, 1, 100)])).toEqual([]);
  });

  it('divides the medians of the repetitions', () => {
    const [ratio] = compareTransactions([series('ours', 1, 1, 900, 600, 300), series('java', 1, 1, 100, 300, 200)]);
    expect(ratio).toMatchObject({ name: 'ours/java', ratio: 3, range: { min: 1.5, max: 9 }, met: true });
  });
});

describe('summarizeTransactions', () => {
  it('gives transactions per second, and adds up what failed', () => {
    const measures = [measure(100, { TimeoutException: 1 }), measure(300, { TimeoutException: 2, KafkaException: 1 })];
    expect(summarizeTransactions({ scenario: 'java', messages: 1, producers: 1, measures })).toMatchObject({
      scenario: 'java',
      transactionsPerSecond: { median: 200, min: 100, max: 300 },
      p99Ms: { median: 2 },
      errors: { TimeoutException: 3, KafkaException: 1 },
    });
  });
});
