import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { KafkaClusterView } from '../../lib/testing/kafka-cluster-view.js';
import { KafkaTestCluster } from '../../lib/testing/index.js';
import type { BrokerConnection } from '../../lib/wire/broker-connection.js';
import { ErrorCode } from '../../lib/wire/error-codes.js';
import { addOffsetsToTxnApi } from '../../lib/wire/protocol/add-offsets-to-txn.js';
import { addPartitionsToTxnApi } from '../../lib/wire/protocol/add-partitions-to-txn.js';
import type { AnyApi } from '../../lib/wire/protocol/api-definition.js';
import { apiVersionsApi, type ApiVersionsResponse } from '../../lib/wire/protocol/api-versions.js';
import { describeTransactionsApi } from '../../lib/wire/protocol/describe-transactions.js';
import { endTxnApi } from '../../lib/wire/protocol/end-txn.js';
import { findCoordinatorApi } from '../../lib/wire/protocol/find-coordinator.js';
import { initProducerIdApi } from '../../lib/wire/protocol/init-producer-id.js';
import { produceApi } from '../../lib/wire/protocol/produce.js';
import { txnOffsetCommitApi } from '../../lib/wire/protocol/txn-offset-commit.js';
import { versions } from '../../lib/wire/spec-support/kafka-bytes.js';
import { sharedCluster, uniqueGroup, waitFor } from '../support/broker.js';
import { createReadyTopic } from './create-ready-topic.js';
import { openConnection, REQUEST_TIMEOUT_MS } from './open-connection.js';
import { settled, TransactionSession } from './transaction-session.js';

// Longer than what is waited for below, so that a failure says what did not come.
jest.setTimeout(30_000);

/** The versions with which a client takes part in KIP-890's second part: only a cluster with transaction.version 2 takes them. */
const PRODUCE_V2 = 12;
const TXN_OFFSET_COMMIT_V2 = 5;
const END_TXN_V2 = 5;
const NO_MEMBER = { generationId: -1, memberId: '', groupInstanceId: null };

interface TestedCluster {
  readonly view: KafkaClusterView;
  stop(): Promise<void>;
}

async function startKafka39(): Promise<TestedCluster> {
  const cluster = await KafkaTestCluster.start({ kafkaVersion: '3.9.1', bootstrapServers: [] });
  return { view: cluster, stop: () => cluster.stop() };
}

async function newestKafka(): Promise<TestedCluster> {
  return { view: sharedCluster(), stop: () => Promise.resolve() };
}

describe.each([
  ['the broker of the run', newestKafka],
  ['Kafka 3.9', startKafka39],
])('%s', (name, startCluster) => {
  let cluster: TestedCluster;
  let opened: Awaited<ReturnType<typeof openConnection>>;
  let connection: BrokerConnection;
  let offered: ApiVersionsResponse;
  let topic: string;
  const isOffered = (api: AnyApi, version: number): boolean => {
    const range = offered.ranges.get(api.key);
    return range !== undefined && version >= range.minVersion && version <= range.maxVersion;
  };
  const committedValues = async (): Promise<string[]> =>
    (await cluster.view.readTopic(topic, { isolation: 'read_committed' })).map(({ value }) => String(value));

  beforeAll(async () => {
    cluster = await startCluster();
    opened = await openConnection(cluster.view.bootstrapServers()[0] ?? '');
    connection = opened.connection;
    const request = { clientSoftwareName: 'wire-test', clientSoftwareVersion: '1.0' };
    offered = await connection.send(apiVersionsApi, request, REQUEST_TIMEOUT_MS, 3);
    topic = await createReadyTopic(connection, 3, {}, cluster.view);
  }, 120_000);
  afterAll(async () => {
    opened[Symbol.dispose]();
    await cluster.stop();
  }, 30_000);

  it('offers all these versions, 3.9 without those of KIP-890’s second part', () => {
    const apis = [
      findCoordinatorApi,
      initProducerIdApi,
      addPartitionsToTxnApi,
      addOffsetsToTxnApi,
      txnOffsetCommitApi,
      endTxnApi,
      describeTransactionsApi,
      produceApi,
    ];
    const missing = apis.flatMap((api) =>
      versions(api).flatMap((v) => (isOffered(api, v) ? [] : [`${api.name} ${v}`])),
    );
    const secondPart = [`TxnOffsetCommit ${TXN_OFFSET_COMMIT_V2}`, `EndTxn ${END_TXN_V2}`, `Produce ${PRODUCE_V2}`];
    expect([[], secondPart]).toContainEqual(missing);
    if (name === 'Kafka 3.9') expect(missing).toEqual(secondPart);
  });

  it.each(versions(findCoordinatorApi))(
    'names the coordinator of a transactional id and of a group by FindCoordinator v%i',
    async (version) => {
      for (const keyType of [0, 1] as const) {
        const request = { key: uniqueGroup('coordinated'), keyType };
        const found = await settled(
          'FindCoordinator',
          () => connection.send(findCoordinatorApi, request, REQUEST_TIMEOUT_MS, version),
          ({ errorCode }) => errorCode,
        );
        expect(found).toMatchObject({ errorCode: 0, nodeId: expect.any(Number) });
        expect(`${found.host}:${found.port}`).toBe(connection.address);
      }
    },
  );

  it.each(versions(initProducerIdApi))(
    'gives a transactional id one producer id, and a new epoch each time, by InitProducerId v%i',
    async (version) => {
      const session = new TransactionSession(connection);
      const first = await session.init(version);
      expect(first).toMatchObject({ errorCode: 0, producerEpoch: 0 });
      expect(first.producerId).toBeGreaterThanOrEqual(0n);
      const { producerId } = first;
      expect(await session.init(version)).toMatchObject({ errorCode: 0, producerId, producerEpoch: 1 });
      if (version < 3) return;
      const again = await session.init(version, session.producer);
      expect(again).toMatchObject({ errorCode: 0, producerId, producerEpoch: 2 });
      const fenced = await session.init(version, { producerId, producerEpoch: 0 });
      expect(fenced.errorCode).toBe(version >= 4 ? ErrorCode.PRODUCER_FENCED : ErrorCode.INVALID_PRODUCER_EPOCH);
    },
  );

  it.each(versions(addPartitionsToTxnApi))(
    'adds partitions by AddPartitionsToTxn v%i, all or none',
    async (version) => {
      const session = await TransactionSession.start(connection);
      const refused = await session.addPartitions(version, [{ name: topic, partitions: [0, 9] }]);
      const codes = new Map(refused[0]?.partitions.map(({ index, errorCode }) => [index, errorCode]));
      expect(codes.get(9)).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
      expect(codes.get(0)).toBe(ErrorCode.OPERATION_NOT_ATTEMPTED);
      expect(await session.describe()).toMatchObject({ state: 'Empty', topics: [] });

      const [added] = await session.addPartitions(version, [{ name: topic, partitions: [0, 2] }]);
      expect(added?.name).toBe(topic);
      expect(added?.partitions.map(({ errorCode }) => errorCode)).toEqual([0, 0]);
      const described = await session.describe();
      expect(described).toMatchObject({ errorCode: 0, state: 'Ongoing', timeoutMs: 60_000, ...session.producer });
      expect(
        described?.topics.map(({ name: of, partitions }) => [of, [...partitions].sort((one, other) => one - other)]),
      ).toEqual([[topic, [0, 2]]]);
      expect(Math.abs(Date.now() - Number(described?.startTimeMs))).toBeLessThan(60_000);

      const former = session.producer;
      await session.init(1);
      const [fenced] = await session.addPartitions(version, [{ name: topic, partitions: [0] }], former);
      const expected = version >= 2 ? ErrorCode.PRODUCER_FENCED : ErrorCode.INVALID_PRODUCER_EPOCH;
      expect(fenced?.partitions).toEqual([{ index: 0, errorCode: expected }]);
    },
  );

  it.each(versions(produceApi))(
    'shows committed records of Produce v%i to readers of committed ones, and no aborted ones',
    async (version) => {
      if (!isOffered(produceApi, version)) return;
      const session = await TransactionSession.start(connection);
      const value = `Produce v${version}`;
      for (const [text, committed] of [
        [`${value} aborted`, false],
        [`${value} committed`, true],
      ] as const) {
        // From version 12 on, the broker adds the partition by itself.
        if (version < PRODUCE_V2) await session.addPartitions(3, [{ name: topic, partitions: [0] }]);
        expect(await session.produce(version, topic, text)).toBe(0);
        expect((await session.end(version < PRODUCE_V2 ? 3 : END_TXN_V2, committed)).errorCode).toBe(0);
      }
      const isVisible = async (): Promise<boolean> => (await committedValues()).includes(`${value} committed`);
      await waitFor(isVisible, { what: 'the committed record' });
      expect(await committedValues()).not.toContain(`${value} aborted`);
      const all = (await cluster.view.readTopic(topic)).map((record) => String(record.value));
      expect(all).toEqual(expect.arrayContaining([`${value} aborted`, `${value} committed`]));
    },
  );

  it.each(versions(addOffsetsToTxnApi))('adds a group to a transaction by AddOffsetsToTxn v%i', async (version) => {
    const session = await TransactionSession.start(connection);
    expect(await session.addOffsets(version, uniqueGroup())).toBe(0);
    const described = await session.describe();
    expect(described?.state).toBe('Ongoing');
    expect(described?.topics.map(({ name: of }) => of)).toEqual(['__consumer_offsets']);

    const former = session.producer;
    await session.init(1);
    expect(await session.addOffsets(version, uniqueGroup(), former)).toBe(
      version >= 2 ? ErrorCode.PRODUCER_FENCED : ErrorCode.INVALID_PRODUCER_EPOCH,
    );
  });

  it.each(versions(txnOffsetCommitApi))(
    'commits offsets with the transaction by TxnOffsetCommit v%i, and drops those of an aborted one',
    async (version) => {
      if (!isOffered(txnOffsetCommitApi, version)) return;
      const groupId = uniqueGroup();
      const session = await TransactionSession.start(connection);
      const endVersion = version < TXN_OFFSET_COMMIT_V2 ? 3 : END_TXN_V2;
      for (const [offset, committed] of [
        [7n, true],
        [8n, false],
      ] as const) {
        const topics = [
          {
            name: topic,
            partitions: [
              { index: 2, offset, leaderEpoch: 0, metadata: `at ${offset}` },
              { index: 0, offset: offset + 10n, leaderEpoch: -1, metadata: null },
            ],
          },
        ];
        // From version 5 on, the broker adds the group by itself.
        if (version < TXN_OFFSET_COMMIT_V2) expect(await session.addOffsets(version, groupId)).toBe(0);
        const [answer] = await session.commitOffsets(version, { groupId, ...NO_MEMBER, topics });
        expect(answer?.name).toBe(topic);
        expect(answer?.partitions.map(({ index, errorCode }) => [index, errorCode]).sort()).toEqual([
          [0, 0],
          [2, 0],
        ]);
        expect((await session.end(endVersion, committed)).errorCode).toBe(0);
        await waitForEnd(session, committed);
      }
      await waitFor(async () => (await storedOffsets(groupId)).length === 2, { what: 'the committed offsets' });
      expect(await storedOffsets(groupId)).toEqual([
        [0, '17', null],
        [2, '7', 'at 7'],
      ]);
    },
  );

  it.each(versions(txnOffsetCommitApi).filter((version) => version >= 3))(
    'refuses offsets of a member that the group does not know, by TxnOffsetCommit v%i',
    async (version) => {
      if (!isOffered(txnOffsetCommitApi, version)) return;
      const groupId = uniqueGroup();
      const session = await TransactionSession.start(connection);
      const topics = [{ name: topic, partitions: [{ index: 0, offset: 1n, leaderEpoch: -1, metadata: null }] }];
      if (version < TXN_OFFSET_COMMIT_V2) await session.addOffsets(version, groupId);
      await session.commitOffsets(version, { groupId, ...NO_MEMBER, topics });
      const stranger = { generationId: 3, memberId: 'stranger', groupInstanceId: null };
      const [answer] = await session.commitOffsets(version, { groupId, ...stranger, topics });
      expect(answer?.partitions).toEqual([{ index: 0, errorCode: ErrorCode.UNKNOWN_MEMBER_ID }]);
    },
  );

  describe.each([true, false])('with committed %s', (committed) => {
    it.each(versions(endTxnApi))('ends a transaction by EndTxn v%i, and fences a former epoch', async (version) => {
      if (!isOffered(endTxnApi, version)) return;
      const session = await TransactionSession.start(connection);
      await session.addPartitions(3, [{ name: topic, partitions: [1] }]);
      const { producerId, producerEpoch } = session.producer;
      const next =
        version >= END_TXN_V2
          ? { producerId, producerEpoch: producerEpoch + 1 }
          : { producerId: -1n, producerEpoch: -1 };
      expect(await session.end(version, committed)).toEqual({ throttleTimeMs: 0, errorCode: 0, ...next });
      await waitForEnd(session, committed);
      const former = { producerId, producerEpoch };
      if (version >= END_TXN_V2) {
        // Repeated, as after a lost answer.
        expect(await session.end(version, committed, former)).toMatchObject({ errorCode: 0, ...next });
      }
      await session.init(1);
      await session.init(1);
      expect(await session.end(version, committed, former)).toEqual({
        throttleTimeMs: 0,
        errorCode: version >= 2 ? ErrorCode.PRODUCER_FENCED : ErrorCode.INVALID_PRODUCER_EPOCH,
        producerId: -1n,
        producerEpoch: -1,
      });
    });
  });

  it('describes ids without a transaction, and unknown ones, by DescribeTransactions v0', async () => {
    const session = await TransactionSession.start(connection);
    const request = { transactionalIds: ['never-used', session.transactionalId] };
    const { transactions } = await connection.send(describeTransactionsApi, request, REQUEST_TIMEOUT_MS, 0);
    expect(transactions).toHaveLength(2);
    const byId = new Map(transactions.map((transaction) => [transaction.transactionalId, transaction]));
    expect(byId.get('never-used')).toMatchObject({ errorCode: ErrorCode.TRANSACTIONAL_ID_NOT_FOUND });
    expect(byId.get(session.transactionalId)).toEqual({
      errorCode: 0,
      transactionalId: session.transactionalId,
      state: 'Empty',
      timeoutMs: 60_000,
      startTimeMs: -1n,
      ...session.producer,
      topics: [],
    });
  });

  it('keeps the beginning of a transaction that the coordinator has ended itself, one epoch on', async () => {
    const session = await TransactionSession.start(connection);
    await session.addPartitions(3, [{ name: topic, partitions: [1] }]);
    const former = session.producer;
    const ongoing = await session.describe();
    const request = { transactionalId: session.transactionalId, transactionTimeoutMs: 60_000, ...former };
    const refused = await connection.send(initProducerIdApi, request, REQUEST_TIMEOUT_MS, 3);
    expect(refused.errorCode).toBe(ErrorCode.CONCURRENT_TRANSACTIONS);
    await waitForEnd(session, false);

    expect(await session.describe()).toMatchObject({
      state: 'CompleteAbort',
      startTimeMs: ongoing?.startTimeMs,
      producerId: former.producerId,
      producerEpoch: former.producerEpoch + 1,
    });
  });

  async function storedOffsets(groupId: string): Promise<[number, string, string | null][]> {
    const admin = cluster.view.kafkaJs().admin();
    await admin.connect();
    try {
      const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
      const stored = (found?.partitions ?? []).filter(({ offset }) => offset !== '-1');
      stored.sort((one, other) => one.partition - other.partition);
      return stored.map(({ partition, offset, metadata }) => [partition, offset, metadata]);
    } finally {
      await admin.disconnect();
    }
  }
});

/** EndTxn is answered before the markers are written. */
async function waitForEnd(session: TransactionSession, committed: boolean): Promise<void> {
  const expected = committed ? 'CompleteCommit' : 'CompleteAbort';
  await waitFor(async () => (await session.describe())?.state === expected, { what: `the state ${expected}` });
}
