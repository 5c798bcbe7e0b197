import { describe, expect, it } from '@jest/globals';
import { BrokerResponseError } from '../../../wire/broker-response-error.js';
import { CommitFailedError } from '../../../wire/commit-failed-error.js';
import type { CoordinatorCall, CoordinatorClient } from '../../../wire/coordinator-client.js';
import type { OffsetCommitRequest, OffsetCommitResponse } from '../../../wire/protocol/offset-commit.js';
import type { OffsetFetchRequest, OffsetFetchResponse } from '../../../wire/protocol/offset-fetch.js';
import { GroupOffsets } from './group-offsets.js';
import { RebalanceInProgressError } from './offset-errors.js';

const IDENTITY = { groupId: 'g', generationId: 4, memberId: 'm', groupInstanceId: 'i' };
const OFFSETS = [
  { topic: 'a', partition: 0, offset: 5n, leaderEpoch: 2 },
  { topic: 'b', partition: 1, offset: 6n, leaderEpoch: -1 },
  { topic: 'a', partition: 2, offset: 7n, leaderEpoch: 2 },
];
const config = { groupId: 'g', retryBackoffMs: 1, retryBackoffMaxMs: 2 };
const later = (): number => Date.now() + 5_000;

/** A coordinator that gives one answer after the other. */
function offsetsWith(answers: readonly unknown[], seen: unknown[] = []): GroupOffsets {
  const left = [...answers];
  const call = (given: CoordinatorCall<unknown, unknown>): Promise<unknown> => {
    seen.push(given.request);
    const response = left.shift();
    const code = given.errorCode(response);
    return code === 0
      ? Promise.resolve(response)
      : Promise.reject(new BrokerResponseError(code, { api: given.api.name }));
  };
  return new GroupOffsets({ coordinator: { call } as unknown as CoordinatorClient, config });
}

function committed(...codes: readonly number[]): OffsetCommitResponse {
  return {
    throttleTimeMs: 0,
    topics: codes.map((errorCode, index) => ({ name: 'a', partitions: [{ index, errorCode }] })),
  };
}

function fetched(...offsets: readonly (bigint | number)[]): OffsetFetchResponse {
  const partitions = offsets.map((offset, index) => ({
    index,
    offset: typeof offset === 'bigint' ? offset : -1n,
    leaderEpoch: -1,
    metadata: null,
    errorCode: typeof offset === 'bigint' ? 0 : offset,
  }));
  return { throttleTimeMs: 0, errorCode: 0, topics: [{ name: 'a', partitions }] };
}

describe('GroupOffsets.commit', () => {
  it('sends the offsets by topic, with who commits them', async () => {
    const seen: OffsetCommitRequest[] = [];
    await offsetsWith([committed(0)], seen).commit(OFFSETS, IDENTITY, later());
    expect(seen).toEqual([
      {
        ...IDENTITY,
        topics: [
          {
            name: 'a',
            partitions: [
              { index: 0, offset: 5n, leaderEpoch: 2, metadata: null },
              { index: 2, offset: 7n, leaderEpoch: 2, metadata: null },
            ],
          },
          { name: 'b', partitions: [{ index: 1, offset: 6n, leaderEpoch: -1, metadata: null }] },
        ],
      },
    ]);
  });

  it.each([22, 25, 82])('fails for good when the group has moved on (%i)', async (code) => {
    const failure = await offsetsWith([committed(0, code)])
      .commit(OFFSETS, IDENTITY, later())
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(CommitFailedError);
    expect(failure).toMatchObject({ retriable: false, cause: { code } });
  });

  it('says that the member has to join again first while the group rebalances', async () => {
    const failure = offsetsWith([committed(27)]).commit(OFFSETS, IDENTITY, later());
    await expect(failure).rejects.toThrow(RebalanceInProgressError);
    await expect(failure).rejects.toMatchObject({ retriable: true });
  });

  it('lets the worst of several errors decide: what a repetition cannot mend, before what it can', async () => {
    const failing = (...codes: number[]): Promise<unknown> =>
      offsetsWith([committed(...codes)])
        .commit(OFFSETS, IDENTITY, later())
        .catch((error: unknown) => error);
    expect(await failing(0, 3, 12)).toMatchObject({ code: 12 });
    expect(await failing(3, 12, 25)).toBeInstanceOf(CommitFailedError);
    expect(await failing(0, 3)).toMatchObject({ code: 3 });
  });
});

describe('GroupOffsets.lookUp', () => {
  const partitions = [0, 1, 2].map((partition) => ({ topic: 'a', partition }));

  it('tells offsets, that there is none, and that a transaction is about to replace one', async () => {
    const seen: OffsetFetchRequest[] = [];
    expect(await offsetsWith([fetched(3n, 88, -1n)], seen).lookUp(partitions, later())).toEqual([3n, 'unstable', -1n]);
    expect(seen).toMatchObject([{ requireStable: true, topics: [{ name: 'a', partitions: [0, 1, 2] }] }]);
  });

  it('of nothing asks nobody', async () => {
    expect(await offsetsWith([]).lookUp([], later())).toEqual([]);
  });

  it('fails with the error of a partition', async () => {
    await expect(offsetsWith([fetched(3n, 88, 29)]).lookUp(partitions, later())).rejects.toMatchObject({ code: 29 });
  });

  it('takes a partition that the answer leaves out for a failure, not for one without offset', async () => {
    await expect(offsetsWith([fetched(3n)]).lookUp(partitions, later())).rejects.toThrow(/told nothing about a-1/);
  });
});
