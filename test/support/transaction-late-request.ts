import type { ProducerOptions } from '../../lib/producer/producer-options.js';
import { waitUntil, type KafkaApiName } from '../../lib/testing/index.js';
import { holdBack } from './held-request.js';
import { TestTransactionalEngine } from './test-transactional-engine.js';
import { committedOffset, type ClusterBehindProxy } from './transaction-fault-case.js';
import { OnPurpose, runTransaction, type EndedTransaction } from './transaction-outcome.js';

type End = 'commit' | 'abort';

/** A request of one transaction reaches the broker in the middle of the next one. */
export interface LateRequestCase {
  readonly api: KafkaApiName;
  /** How the transaction ends whose request is late, and how the next one does. */
  readonly ends: readonly [End, End];
  /** Both transactions begin after a rest: with protocol 2 nothing is announced to the coordinator then. */
  readonly rested?: boolean;
  /** The next transaction commits an offset of the same partition as well. */
  readonly sameOffset?: boolean;
}

const PRODUCER: ProducerOptions = {
  requestTimeoutMs: 500,
  deliveryTimeoutMs: 8_000,
  maxBlockMs: 8_000,
  retryBackoffMs: 20,
  reconnectBackoffMs: 20,
};
const PARTITIONS = 2;
const ENDS: readonly End[] = ['commit', 'abort'];
const APIS: readonly KafkaApiName[] = ['AddPartitionsToTxn', 'AddOffsetsToTxn', 'TxnOffsetCommit', 'Produce', 'EndTxn'];
const ANSWER_LIMIT_MS = 10_000;
let runs = 0;

export const LATE_REQUESTS: readonly LateRequestCase[] = APIS.flatMap((api) =>
  ENDS.flatMap((first) => ENDS.map((second): LateRequestCase => ({ api, ends: [first, second] }))),
);

/**
 * Not for Kafka 3.9: its group coordinator forgets what a transaction commits for a partition when it refuses a stale request for the same one
 * (`GroupMetadata.failPendingTxnOffsetCommit` goes by the producer id alone), and no client can help it.
 */
export const LATE_REQUESTS_FOR_THE_SAME_OFFSET: readonly LateRequestCase[] = LATE_REQUESTS.map((late) => ({
  ...late,
  sameOffset: true,
}));

/** For protocol 2: what is not sent then cannot be late. */
export const LATE_REQUESTS_AFTER_A_REST: readonly LateRequestCase[] = [
  ...LATE_REQUESTS,
  ...LATE_REQUESTS_FOR_THE_SAME_OFFSET,
].flatMap((late) => (late.api.startsWith('Add') ? [] : [{ ...late, rested: true }]));

/** @returns what was wrong; empty when all was well */
export async function runLateRequest(
  cluster: ClusterBehindProxy,
  topic: string,
  { api, ends, sameOffset = false, rested = false }: LateRequestCase,
): Promise<string[]> {
  const id = `late-${process.pid}-${++runs}`;
  const groupId = `group-${id}`;
  const values = (name: string): string[] => Array.from({ length: PARTITIONS }, (_, index) => `${id}|${name}|${index}`);
  await using engine = await TestTransactionalEngine.start({
    client: { brokers: cluster.bootstrapServers },
    transactionalId: id,
    producer: PRODUCER,
  });
  const send = (name: string): Promise<unknown>[] =>
    values(name).map((value, partition) => engine.send({ topic, partition, value }));
  const sendOffset = (partition: number, offset: string): Promise<void> =>
    engine.sendOffsetsToTransaction([{ topic, partition, offset }], { groupId });

  const rest = async (): Promise<void> => {
    if (rested) await waitUntil('the end of the rest', 1_000, () => performance.now() >= engine.restedAt, 1);
    else while (performance.now() >= engine.restedAt) await runTransaction(engine, () => Promise.all(send('before')));
  };
  await runTransaction(engine, () => Promise.all(send('before')));
  await rest();
  const late = holdBack(cluster.proxy, api, `producer-${id}`);
  const first = await runTransaction(engine, async () => {
    const sent = Promise.allSettled([...send('first'), sendOffset(1, '7')]);
    if (ends[0] === 'commit') await sent;
    else await Promise.race([late.held, sent]);
    if (ends[0] === 'abort') throw new OnPurpose();
  });
  if (engine.transactionalState !== 'ready') await engine.initTransactions();
  if (rested) await rest();
  const second = await runTransaction(engine, async () => {
    await Promise.all([...send('second'), sendOffset(0, '9'), ...(sameOffset ? [sendOffset(1, '8')] : [])]);
    await late.letThrough();
    if (ends[1] === 'abort') throw new OnPurpose();
  });
  if (engine.transactionalState !== 'ready') await engine.initTransactions();
  const third = await runTransaction(engine, () => Promise.all(send('third')));

  const seen = await visible(cluster, topic, id, values('third'));
  const sees = (name: string): boolean => values(name).every((value) => seen.includes(value));
  const misses = (name: string): boolean => !values(name).some((value) => seen.includes(value));
  const wrong: string[] = [];
  const check = (name: string, ended: EndedTransaction, end: End): void => {
    const expected = end === 'commit' ? 'committed' : 'aborted';
    if (ended.outcome !== expected)
      wrong.push(`'${name}' was ${ended.outcome}, not ${expected}: ${String(ended.error)}`);
    if (end === 'commit' ? !sees(name) : !misses(name))
      wrong.push(`'${name}' was ${ended.outcome}, seen: ${seen.join()}`);
  };
  check('first', first, ends[0]);
  check('second', second, ends[1]);
  check('third', third, 'commit');
  const once = seen.filter((value) => !values('before').includes(value));
  if (new Set(once).size < once.length) wrong.push(`twice: ${seen.join()}`);
  const offsets = [
    await committedOffset(cluster, groupId, topic, 1),
    await committedOffset(cluster, groupId, topic, 0),
  ];
  const before = ends[0] === 'commit' ? '7' : '-1';
  const expected = ends[1] === 'commit' ? [sameOffset ? '8' : before, '9'] : [before, '-1'];
  if (String(offsets) !== String(expected)) wrong.push(`offsets ${String(offsets)}, not ${String(expected)}`);
  return wrong.map(
    (what) =>
      `late ${api} of a transaction that ${ends[0]}s, before one that ${ends[1]}s${rested ? ', rested' : ''}: ${what}`,
  );
}

async function visible(
  { view }: ClusterBehindProxy,
  topic: string,
  id: string,
  last: readonly string[],
): Promise<string[]> {
  let seen: string[] = [];
  await waitUntil('the last records', ANSWER_LIMIT_MS, async () => {
    const records = await view.readTopic(topic, { isolation: 'read_committed' });
    seen = records.map(({ value }) => String(value)).filter((value) => value.startsWith(`${id}|`));
    return last.every((value) => seen.includes(value));
  });
  return seen;
}
