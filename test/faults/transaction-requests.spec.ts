import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KafkaTestCluster, waitUntil } from '../../lib/testing/index.js';
import { seeRequests } from '../support/seen-requests.js';
import { TestTransactionalEngine } from '../support/test-transactional-engine.js';
import {
  runOnTopics,
  TransactionFaultRun,
  type ClusterBehindProxy,
  type TransactionFaultCase,
} from '../support/transaction-fault-case.js';
import {
  endlessFaults,
  finalErrors,
  networkFaults,
  REQUESTS_AFTER_A_REST,
  retriableErrors,
  TRANSACTIONAL_REQUESTS,
} from '../support/transaction-fault-cases.js';
import {
  LATE_REQUESTS,
  LATE_REQUESTS_AFTER_A_REST,
  LATE_REQUESTS_FOR_THE_SAME_OFFSET,
  runLateRequest,
} from '../support/transaction-late-request.js';

const TOPICS = 8;
const REQUESTS = ['AddPartitionsToTxn', 'AddOffsetsToTxn', 'TxnOffsetCommit', 'Produce', 'EndTxn'];

describe.each(['4.3.1', '3.9.1'])('a transaction on a faulty network, Kafka %s', (kafkaVersion) => {
  const isProtocol2 = kafkaVersion !== '3.9.1';
  const topics = Array.from({ length: TOPICS }, (_, index) => `faulty-${index}`);
  let cluster: KafkaTestCluster;
  let behindProxy: ClusterBehindProxy;

  beforeAll(async () => {
    cluster = await KafkaTestCluster.start({
      kafkaVersion,
      faultProxy: true,
      bootstrapServers: [],
      topics: topics.map((name) => ({ name, partitions: 2 })),
    });
    behindProxy = { view: cluster, proxy: cluster.proxy, bootstrapServers: cluster.bootstrapServers('fault') };
  }, 120_000);

  afterAll(() => cluster.stop(), 30_000);

  function run(cases: readonly TransactionFaultCase[]): Promise<string[]> {
    return runOnTopics(topics, cases, (tried, topic) => new TransactionFaultRun(behindProxy, topic, tried).run());
  }

  describe.each(isProtocol2 ? [...TRANSACTIONAL_REQUESTS, ...REQUESTS_AFTER_A_REST] : TRANSACTIONAL_REQUESTS)(
    '$title',
    (request) => {
      it('does no harm when it or its answer is lost, reset or late', async () => {
        expect(await run(networkFaults(request))).toEqual([]);
      }, 60_000);

      it('does no harm when the broker says once to try again', async () => {
        expect(await run(retriableErrors(request))).toEqual([]);
      }, 60_000);

      it('lets nothing of the transaction be seen when the broker refuses', async () => {
        expect(await run(finalErrors(request))).toEqual([]);
      }, 60_000);

      it('ends the transaction within its limits when it is never answered', async () => {
        expect(await run(endlessFaults(request))).toEqual([]);
      }, 90_000);
    },
  );

  it('takes no harm from a request that arrives in the middle of the next one', async () => {
    const lateRequests = isProtocol2
      ? [...LATE_REQUESTS, ...LATE_REQUESTS_FOR_THE_SAME_OFFSET, ...LATE_REQUESTS_AFTER_A_REST]
      : LATE_REQUESTS;
    const violations = await runOnTopics(topics, lateRequests, (late, topic) =>
      runLateRequest(behindProxy, topic, late),
    );
    expect(violations).toEqual([]);
  }, 60_000);

  it('speaks the protocol of the cluster', async () => {
    const transactionalId = 'versions';
    const [topic = ''] = topics;
    await using engine = await TestTransactionalEngine.start({
      client: { brokers: behindProxy.bootstrapServers },
      transactionalId,
    });
    const seen = seeRequests(behindProxy.proxy, `producer-${transactionalId}`);
    const sentAll = (): boolean => REQUESTS.every((api) => seen.some((request) => request.api === api));
    await waitUntil(
      'every request',
      10_000,
      async () => {
        engine.beginTransaction();
        await engine.send({ topic, partition: 0, value: transactionalId });
        await engine.sendOffsetsToTransaction([{ topic, partition: 0, offset: '1' }], { groupId: transactionalId });
        await engine.commitTransaction();
        return sentAll();
      },
      1,
    );
    const versions = (api: string): number[] =>
      seen.filter((request) => request.api === api).map(({ version }) => version);
    expect(new Set(versions('AddPartitionsToTxn'))).toEqual(new Set([3]));
    expect(Math.min(...versions('Produce')) >= 12).toBe(isProtocol2);
    expect(Math.max(...versions('Produce')) >= 12).toBe(isProtocol2);
    expect(new Set(versions('EndTxn').map((version) => version >= 5))).toEqual(new Set([isProtocol2]));
    expect(new Set(versions('TxnOffsetCommit').map((version) => version >= 5))).toEqual(new Set([isProtocol2]));
  });
});
