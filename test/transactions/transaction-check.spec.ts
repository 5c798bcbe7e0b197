import { beforeAll, describe, expect, it } from '@jest/globals';
import { sharedCluster, uniqueTopic } from '../support/broker.js';
import { createRandom } from '../support/random.js';
import { ProducerTarget } from '../support/producer-target.js';
import { TransactionCheck, type WrittenTransaction } from '../support/transaction-check.js';
import type { TransactionOutcome } from '../support/transaction-outcome.js';
import { groupOf, TransactionWriter } from '../support/transaction-writer.js';

const PARTITIONS = 2;
const RECORDS = 3;

/** The check that the fault tests rely on, given claims that are not true. */
describe('the check of transactions', () => {
  const cluster = sharedCluster();
  const topic = uniqueTopic('checked');
  let written: WrittenTransaction[];

  beforeAll(async () => {
    await cluster.createTopic(topic, { partitions: PARTITIONS });
    const writer = new TransactionWriter({
      name: topic,
      topic,
      partitions: PARTITIONS,
      records: RECORDS,
      abortPercent: 40,
      offsetPercent: 60,
      random: createRandom(),
      onEnd: ({ number }) => {
        const has = (outcome: TransactionOutcome): boolean => writer.transactions.some((t) => t.outcome === outcome);
        if (number >= 20 && has('aborted') && writer.transactions.some((t) => t.hasOffset)) writer.stop();
      },
    });
    await using target = await ProducerTarget.start({
      client: cluster.clientConfig(),
      transactionalIdPrefix: `${topic}-`,
      poolSize: 1,
    });
    await writer.write(target);
    written = writer.transactions;
  }, 60_000);

  async function violations(
    lie: (transactions: WrittenTransaction[]) => WrittenTransaction[],
    records = RECORDS,
  ): Promise<string[]> {
    const check = new TransactionCheck(cluster, { topic, partitions: PARTITIONS, records });
    const claimed = lie(written.map((transaction) => ({ ...transaction })));
    return (await check.verify(claimed, groupOf)).violations;
  }

  /** Says something else of the first transaction with that outcome. */
  const say =
    (outcome: TransactionOutcome, instead: TransactionOutcome) =>
    (transactions: WrittenTransaction[]): WrittenTransaction[] => {
      const found = transactions.find((transaction) => transaction.outcome === outcome);
      return transactions.map((t) => (t === found ? { ...t, outcome: instead } : t));
    };

  it('finds nothing wrong with the truth', async () => {
    expect(await violations((transactions) => transactions)).toEqual([]);
  });

  it('takes an unknown outcome for either', async () => {
    expect(await violations(say('committed', 'unknown'))).toEqual([]);
    expect(await violations(say('aborted', 'unknown'))).toEqual([]);
  });

  it('finds an aborted transaction that is visible, and a committed one that is not', async () => {
    expect(await violations(say('committed', 'aborted'))).not.toEqual([]);
    expect(await violations(say('aborted', 'committed'))).not.toEqual([]);
  });

  it('finds records that nobody has sent', async () => {
    const withoutVisible = (transactions: WrittenTransaction[]): WrittenTransaction[] => {
      const found = transactions.find(({ outcome }) => outcome === 'committed');
      return transactions.filter((transaction) => transaction !== found);
    };
    expect(await violations(withoutVisible)).not.toEqual([]);
  });

  it('finds torn transactions', async () => {
    expect(await violations((transactions) => transactions, RECORDS + 1)).not.toEqual([]);
  });

  it('finds offsets that do not agree with the records', async () => {
    const withoutOffsets = (transactions: WrittenTransaction[]): WrittenTransaction[] =>
      transactions.map((transaction) => ({ ...transaction, hasOffset: false }));
    const [violation] = await violations(withoutOffsets);
    expect(violation).toMatch(/offset \d+ is committed, not -1/);
  });
});
