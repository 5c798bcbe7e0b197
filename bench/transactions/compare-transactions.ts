import type { TransactionScenario } from '../arguments.js';
import { compare, type RatioTarget, type Series } from '../ratios.js';
import type { TransactionLoad, TransactionRatio } from './results.js';
import { transactionRates, type TransactionSeries } from './run-transactions.js';

const JAVA: RatioTarget = { bound: 'at least', value: 2 };
const KAFKAJS: RatioTarget = { bound: 'at least', value: 40 };
const SIXTEEN_PRODUCERS: RatioTarget = { bound: 'at least', value: 2.5 };
/** The targets are about the smallest transactions, where what a transaction itself costs shows. */
const TARGET_MESSAGES = 1;
const TARGET_PRODUCERS = 16;

/** All ratios of transactions per second that what was measured allows. */
export function compareTransactions(all: readonly TransactionSeries[]): TransactionRatio[] {
  const rates = (wanted: TransactionScenario, { messages, producers }: TransactionLoad): Series | undefined => {
    const found = all.find(
      (series) => series.scenario === wanted && series.messages === messages && series.producers === producers,
    );
    return found === undefined ? undefined : transactionRates(found.measures);
  };
  const ratios = all
    .filter(({ scenario }) => scenario === 'ours')
    .flatMap(({ messages, producers }) => {
      const load = { messages, producers };
      const alone = { messages, producers: 1 };
      const ours = rates('ours', load);
      const whenAlone = (target: RatioTarget): RatioTarget | null =>
        messages === TARGET_MESSAGES && producers === 1 ? target : null;
      const parallel = messages === TARGET_MESSAGES && producers === TARGET_PRODUCERS ? SIXTEEN_PRODUCERS : null;
      return [
        compare('ours/java', load, ours, rates('java', load), whenAlone(JAVA)),
        compare('ours/kafkajs', load, ours, rates('kafkajs', load), whenAlone(KAFKAJS)),
        producers === 1 ? null : compare('ours/oursWithOneProducer', load, ours, rates('ours', alone), parallel),
      ];
    });
  return ratios.filter((ratio) => ratio !== null);
}
