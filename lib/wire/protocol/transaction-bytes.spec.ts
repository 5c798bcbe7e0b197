import { MalformedResponseError } from '../malformed-response-error.js';
import { bytesOf, hexOf, joined, versions } from '../spec-support/kafka-bytes.js';
import { addOffsetsToTxnApi } from './add-offsets-to-txn.js';
import { addPartitionsToTxnApi } from './add-partitions-to-txn.js';
import { describeTransactionsApi } from './describe-transactions.js';
import { endTxnApi } from './end-txn.js';
import { findCoordinatorApi } from './find-coordinator.js';
import { ProtocolWriter } from './protocol-writer.js';
import { txnOffsetCommitApi } from './txn-offset-commit.js';

const PRODUCER = { transactionalId: 'pay-1', producerId: 123_456_789_012n, producerEpoch: 7 };

describe.each(versions(findCoordinatorApi))(
  'FindCoordinator v%i, against the bytes of Kafka’s own classes',
  (version) => {
    it('asks for the coordinator of a group and of a transactional id', () => {
      expect(joined(findCoordinatorApi.encodeRequest(version, { key: 'billing-äöü', keyType: 0 }))).toBe(
        hexOf(`FindCoordinatorRequest group v${version}`),
      );
      expect(joined(findCoordinatorApi.encodeRequest(version, { key: 'pay-1', keyType: 1 }))).toBe(
        hexOf(`FindCoordinatorRequest transaction v${version}`),
      );
    });

    it('reads the coordinator', () => {
      expect(findCoordinatorApi.decodeResponse(version, bytesOf(`FindCoordinatorResponse v${version}`))).toEqual({
        throttleTimeMs: 12,
        errorCode: 0,
        errorMessage: null,
        nodeId: 2,
        host: 'kafka-2.example',
        port: 19092,
      });
    });

    it('reads why there is none', () => {
      expect(
        findCoordinatorApi.decodeResponse(version, bytesOf(`FindCoordinatorResponse refused v${version}`)),
      ).toEqual({ throttleTimeMs: 12, errorCode: 15, errorMessage: 'not yet', nodeId: -1, host: '', port: -1 });
    });
  },
);

describe('FindCoordinator answers', () => {
  const coordinators = (count: number, port = 9092): Buffer => {
    const entries = Array.from({ length: count }, (_, index) => index);
    const writer = new ProtocolWriter().int32(0);
    writer.compactArray(entries, (nodeId) => {
      writer.compactString('pay-1').int32(nodeId).compactString('kafka.example').int32(port);
      writer.int16(0).compactNullableString(null).noTags();
    });
    return writer.noTags().toBuffer();
  };

  it.each([0, 2])('with %i coordinators for the one key are malformed', (count) => {
    expect(findCoordinatorApi.decodeResponse(4, coordinators(1))).toMatchObject({ nodeId: 0, port: 9092 });
    expect(() => findCoordinatorApi.decodeResponse(4, coordinators(count))).toThrow(MalformedResponseError);
  });

  it.each([-1, 65_536])('with port %i and no error are malformed: nobody can connect to it', (port) => {
    expect(() => findCoordinatorApi.decodeResponse(4, coordinators(1, port))).toThrow(MalformedResponseError);
  });
});

describe.each(versions(addPartitionsToTxnApi))(
  'AddPartitionsToTxn v%i, against the bytes of Kafka’s own classes',
  (version) => {
    it('writes several topics and partitions', () => {
      const topics = [
        { name: 'orders', partitions: [0, 3] },
        { name: 'b', partitions: [1] },
      ];
      expect(joined(addPartitionsToTxnApi.encodeRequest(version, { ...PRODUCER, topics }))).toBe(
        hexOf(`AddPartitionsToTxnRequest v${version}`),
      );
    });

    it('reads the error of each partition', () => {
      expect(addPartitionsToTxnApi.decodeResponse(version, bytesOf(`AddPartitionsToTxnResponse v${version}`))).toEqual({
        throttleTimeMs: 13,
        topics: [
          {
            name: 'orders',
            partitions: [
              { index: 3, errorCode: 55 },
              { index: 0, errorCode: 55 },
            ],
          },
          { name: 'b', partitions: [{ index: 1, errorCode: 3 }] },
        ],
      });
    });
  },
);

describe.each(versions(addOffsetsToTxnApi))(
  'AddOffsetsToTxn v%i, against the bytes of Kafka’s own classes',
  (version) => {
    it('writes producer and group', () => {
      expect(joined(addOffsetsToTxnApi.encodeRequest(version, { ...PRODUCER, groupId: 'billing-äöü' }))).toBe(
        hexOf(`AddOffsetsToTxnRequest v${version}`),
      );
    });

    it('reads the error', () => {
      expect(addOffsetsToTxnApi.decodeResponse(version, bytesOf(`AddOffsetsToTxnResponse v${version}`))).toEqual({
        throttleTimeMs: 14,
        errorCode: 51,
      });
    });
  },
);

describe.each(versions(txnOffsetCommitApi))(
  'TxnOffsetCommit v%i, against the bytes of Kafka’s own classes',
  (version) => {
    const request = {
      ...PRODUCER,
      groupId: 'billing-äöü',
      generationId: 42,
      memberId: 'reader-1',
      groupInstanceId: 'rack-7',
      topics: [
        {
          name: 'orders',
          partitions: [
            { index: 3, offset: 9_007_199_254_740_995n, leaderEpoch: 5, metadata: 'as of noon' },
            { index: 0, offset: 0n, leaderEpoch: -1, metadata: null },
          ],
        },
        { name: 'b', partitions: [{ index: 1, offset: 17n, leaderEpoch: 0, metadata: '' }] },
      ],
    };

    it('writes the offsets of several topics, for a static and for a dynamic member', () => {
      expect(joined(txnOffsetCommitApi.encodeRequest(version, request))).toBe(
        hexOf(`TxnOffsetCommitRequest v${version}`),
      );
      expect(joined(txnOffsetCommitApi.encodeRequest(version, { ...request, groupInstanceId: null }))).toBe(
        hexOf(`TxnOffsetCommitRequest dynamic v${version}`),
      );
    });

    it('reads the error of each partition', () => {
      expect(txnOffsetCommitApi.decodeResponse(version, bytesOf(`TxnOffsetCommitResponse v${version}`))).toEqual({
        throttleTimeMs: 15,
        topics: [
          {
            name: 'orders',
            partitions: [
              { index: 3, errorCode: 0 },
              { index: 0, errorCode: 22 },
            ],
          },
          { name: 'b', partitions: [{ index: 1, errorCode: 25 }] },
        ],
      });
    });
  },
);

describe.each(versions(endTxnApi))('EndTxn v%i, against the bytes of Kafka’s own classes', (version) => {
  it('commits and aborts', () => {
    expect(joined(endTxnApi.encodeRequest(version, { ...PRODUCER, committed: true }))).toBe(
      hexOf(`EndTxnRequest commit v${version}`),
    );
    expect(joined(endTxnApi.encodeRequest(version, { ...PRODUCER, committed: false }))).toBe(
      hexOf(`EndTxnRequest abort v${version}`),
    );
  });

  it('reads the id and epoch to go on with, where there are any', () => {
    expect(endTxnApi.decodeResponse(version, bytesOf(`EndTxnResponse v${version}`))).toEqual({
      throttleTimeMs: 16,
      errorCode: 0,
      producerId: version >= 5 ? 123_456_789_013n : -1n,
      producerEpoch: version >= 5 ? 8 : -1,
    });
  });

  it('reads a refusal', () => {
    expect(endTxnApi.decodeResponse(version, bytesOf(`EndTxnResponse refused v${version}`))).toEqual({
      throttleTimeMs: 0,
      errorCode: 47,
      producerId: -1n,
      producerEpoch: -1,
    });
  });
});

describe.each(versions(describeTransactionsApi))(
  'DescribeTransactions v%i, against the bytes of Kafka’s own classes',
  (version) => {
    it('asks for several ids', () => {
      expect(joined(describeTransactionsApi.encodeRequest(version, { transactionalIds: ['pay-1', 'pay-2'] }))).toBe(
        hexOf(`DescribeTransactionsRequest v${version}`),
      );
    });

    it('reads a transaction under way, and an id that is not known', () => {
      const response = bytesOf(`DescribeTransactionsResponse v${version}`);
      expect(describeTransactionsApi.decodeResponse(version, response)).toEqual({
        throttleTimeMs: 17,
        transactions: [
          {
            errorCode: 0,
            transactionalId: 'pay-1',
            state: 'Ongoing',
            timeoutMs: 60_000,
            startTimeMs: 1_700_000_000_123n,
            producerId: 123_456_789_012n,
            producerEpoch: 7,
            topics: [
              { name: 'orders', partitions: [0, 3] },
              { name: 'b', partitions: [1] },
            ],
          },
          {
            errorCode: 105,
            transactionalId: 'pay-2',
            state: '',
            timeoutMs: 0,
            startTimeMs: 0n,
            producerId: 0n,
            producerEpoch: 0,
            topics: [],
          },
        ],
      });
    });
  },
);

describe.each([
  [
    findCoordinatorApi.name,
    (version: number) => findCoordinatorApi.encodeRequest(version, { key: 'a', keyType: 1 }),
    0,
    7,
  ],
  [
    addPartitionsToTxnApi.name,
    (version: number) => addPartitionsToTxnApi.encodeRequest(version, { ...PRODUCER, topics: [] }),
    -1,
    4,
  ],
  [
    addOffsetsToTxnApi.name,
    (version: number) => addOffsetsToTxnApi.encodeRequest(version, { ...PRODUCER, groupId: 'a' }),
    -1,
    5,
  ],
  [endTxnApi.name, (version: number) => endTxnApi.encodeRequest(version, { ...PRODUCER, committed: true }), -1, 6],
])('%s', (_name, encode, tooOld, tooNew) => {
  it('refuses versions whose layout it does not know', () => {
    expect(() => encode(tooOld)).toThrow(RangeError);
    expect(() => encode(tooNew)).toThrow(RangeError);
  });
});
