import { describe, expect, it } from '@jest/globals';
import { MalformedResponseError } from '../malformed-response-error.js';
import { bytesOf, hexOf, joined, versions } from '../spec-support/kafka-bytes.js';
import { fetchApi } from './fetch.js';
import { listOffsetsApi } from './list-offsets.js';
import { offsetCommitApi } from './offset-commit.js';
import { offsetFetchApi } from './offset-fetch.js';

const LARGE_OFFSET = 9_007_199_254_740_995n;

describe.each(versions(fetchApi))('Fetch v%i, against the bytes of Kafka’s own classes', (version) => {
  it('writes several topics and partitions', () => {
    const request = {
      maxWaitMs: 500,
      minBytes: 1,
      maxBytes: 52_428_800,
      isolationLevel: 1,
      rackId: version >= 11 ? 'rack-7' : 'not carried',
      topics: [
        {
          name: 'orders',
          partitions: [
            { index: 3, currentLeaderEpoch: 5, fetchOffset: LARGE_OFFSET, maxBytes: 1_048_576 },
            { index: 0, currentLeaderEpoch: -1, fetchOffset: 0n, maxBytes: 7 },
          ],
        },
        {
          name: 'b-äöü',
          partitions: [{ index: 1, currentLeaderEpoch: 0, fetchOffset: 17n, maxBytes: 1_048_576 }],
        },
      ],
    };
    expect(joined(fetchApi.encodeRequest(version, request))).toBe(hexOf(`FetchRequest v${version}`));
  });

  it('reads records, aborted transactions, and who leads a partition that has moved', () => {
    const nothing = {
      preferredReadReplica: -1,
      currentLeader: null,
      abortedTransactions: [],
      records: Buffer.alloc(0),
    };
    expect(fetchApi.decodeResponse(version, bytesOf(`FetchResponse v${version}`))).toEqual({
      throttleTimeMs: 18,
      errorCode: 0,
      topics: [
        {
          name: 'orders',
          partitions: [
            {
              ...nothing,
              index: 3,
              errorCode: 0,
              highWatermark: 120n,
              lastStableOffset: 110n,
              logStartOffset: version >= 5 ? 4n : -1n,
              abortedTransactions: [
                { producerId: 3069n, firstOffset: 2n },
                { producerId: 3068n, firstOffset: 0n },
              ],
              preferredReadReplica: version >= 11 ? 2 : -1,
              records: Buffer.from([1, 2, 3]),
            },
            {
              ...nothing,
              index: 0,
              errorCode: 6,
              highWatermark: -1n,
              lastStableOffset: -1n,
              logStartOffset: -1n,
              currentLeader: version >= 12 ? { leaderId: 3, leaderEpoch: 8 } : null,
            },
          ],
        },
        {
          name: 'b-äöü',
          partitions: [
            {
              ...nothing,
              index: 1,
              errorCode: 0,
              highWatermark: 17n,
              lastStableOffset: 17n,
              logStartOffset: -1n,
            },
          ],
        },
      ],
    });
  });

  it('reads the refusal of the whole request', () => {
    if (version < 7) return;
    const response = fetchApi.decodeResponse(version, bytesOf(`FetchResponse refused v${version}`));
    expect(response).toEqual({ throttleTimeMs: 0, errorCode: 70, topics: [] });
  });

  it('does not take an answer that is cut off', () => {
    const bytes = bytesOf(`FetchResponse v${version}`);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => fetchApi.decodeResponse(version, bytes.subarray(0, length))).toThrow(MalformedResponseError);
    }
  });
});

describe.each(versions(listOffsetsApi))('ListOffsets v%i, against the bytes of Kafka’s own classes', (version) => {
  it('asks for the end, the beginning and a time', () => {
    const topics = [
      {
        name: 'orders',
        partitions: [
          { index: 3, currentLeaderEpoch: 5, timestamp: -1n },
          { index: 0, currentLeaderEpoch: -1, timestamp: -2n },
        ],
      },
      { name: 'b', partitions: [{ index: 1, currentLeaderEpoch: 0, timestamp: 1_700_000_000_123n }] },
    ];
    expect(joined(listOffsetsApi.encodeRequest(version, { isolationLevel: 1, topics }))).toBe(
      hexOf(`ListOffsetsRequest v${version}`),
    );
  });

  it('reads offsets and errors', () => {
    expect(listOffsetsApi.decodeResponse(version, bytesOf(`ListOffsetsResponse v${version}`))).toEqual({
      throttleTimeMs: version >= 2 ? 19 : 0,
      topics: [
        {
          name: 'orders',
          partitions: [
            {
              index: 3,
              errorCode: 0,
              timestamp: 1_700_000_000_123n,
              offset: LARGE_OFFSET,
              leaderEpoch: version >= 4 ? 5 : -1,
            },
            { index: 0, errorCode: 6, timestamp: -1n, offset: -1n, leaderEpoch: -1 },
          ],
        },
      ],
    });
  });
});

describe.each(versions(offsetCommitApi))('OffsetCommit v%i, against the bytes of Kafka’s own classes', (version) => {
  const request = {
    groupId: 'billing-äöü',
    generationId: 42,
    memberId: 'reader-1',
    groupInstanceId: 'rack-7',
    topics: [
      {
        name: 'orders',
        partitions: [
          { index: 3, offset: LARGE_OFFSET, leaderEpoch: 5, metadata: 'as of noon' },
          { index: 0, offset: 0n, leaderEpoch: -1, metadata: null },
        ],
      },
      { name: 'b', partitions: [{ index: 1, offset: 17n, leaderEpoch: 0, metadata: '' }] },
    ],
  };

  it('writes the offsets of several topics, for a static and for a dynamic member', () => {
    expect(joined(offsetCommitApi.encodeRequest(version, request))).toBe(hexOf(`OffsetCommitRequest v${version}`));
    expect(joined(offsetCommitApi.encodeRequest(version, { ...request, groupInstanceId: null }))).toBe(
      hexOf(`OffsetCommitRequest dynamic v${version}`),
    );
  });

  it('reads the error of each partition', () => {
    expect(offsetCommitApi.decodeResponse(version, bytesOf(`OffsetCommitResponse v${version}`))).toEqual({
      throttleTimeMs: version >= 3 ? 20 : 0,
      topics: [
        {
          name: 'orders',
          partitions: [
            { index: 3, errorCode: 0 },
            { index: 0, errorCode: 22 },
          ],
        },
      ],
    });
  });
});

describe.each(versions(offsetFetchApi))('OffsetFetch v%i, against the bytes of Kafka’s own classes', (version) => {
  it('asks for several topics', () => {
    const topics = [
      { name: 'orders', partitions: [3, 0] },
      { name: 'b', partitions: [1] },
    ];
    const request = { groupId: 'billing-äöü', topics, requireStable: true };
    expect(joined(offsetFetchApi.encodeRequest(version, request))).toBe(hexOf(`OffsetFetchRequest v${version}`));
  });

  it('reads offsets, and what stands against telling one', () => {
    expect(offsetFetchApi.decodeResponse(version, bytesOf(`OffsetFetchResponse v${version}`))).toEqual({
      throttleTimeMs: version >= 3 ? 21 : 0,
      errorCode: version >= 2 ? 14 : 0,
      topics: [
        {
          name: 'orders',
          partitions: [
            {
              index: 3,
              offset: LARGE_OFFSET,
              leaderEpoch: version >= 5 ? 5 : -1,
              metadata: 'as of noon',
              errorCode: 0,
            },
            { index: 0, offset: -1n, leaderEpoch: -1, metadata: null, errorCode: 88 },
          ],
        },
      ],
    });
  });
});

describe.each([
  [
    fetchApi.name,
    (version: number) =>
      fetchApi.encodeRequest(version, {
        maxWaitMs: 0,
        minBytes: 0,
        maxBytes: 0,
        isolationLevel: 0,
        rackId: '',
        topics: [],
      }),
    3,
    13,
  ],
  [
    listOffsetsApi.name,
    (version: number) => listOffsetsApi.encodeRequest(version, { isolationLevel: 0, topics: [] }),
    0,
    8,
  ],
  [
    offsetFetchApi.name,
    (version: number) => offsetFetchApi.encodeRequest(version, { groupId: 'a', topics: [], requireStable: true }),
    0,
    8,
  ],
])('%s', (_name, encode, tooOld, tooNew) => {
  it('refuses versions whose layout it does not know', () => {
    expect(() => encode(tooOld)).toThrow(RangeError);
    expect(() => encode(tooNew)).toThrow(RangeError);
  });
});
