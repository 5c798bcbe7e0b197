import { describe, expect, it } from '@jest/globals';
import { silentLog } from '../../wire/log-sink.js';
import { turns } from '../../wire/spec-support/until.js';
import type { AssignedPartition } from '../consumer-engine-api.js';
import { FetchPartition } from './fetching/fetch-partition.js';
import type { FetcherAssignment } from './fetching/fetcher.js';
import { HeldPartitions } from './held-partitions.js';

const PARTITION = [{ topic: 't', partition: 0 }];
const LONG = 60_000;

function setUp() {
  const told: string[] = [];
  const ends: (() => void)[] = [];
  let fetched: AssignedPartition[] = [];
  const names = (of: readonly AssignedPartition[]): string =>
    of.map(({ membership }) => membership.generationId).join(',');
  const held = new HeldPartitions({
    fetcher: {
      assign: (assignments: readonly FetcherAssignment[]) => {
        const added = assignments.map((own) => new FetchPartition(own.topic, own.partition, own.membership, () => {}));
        fetched.push(...added);
        return added;
      },
      unassign: (partitions) => {
        fetched = fetched.filter((partition) => !partitions.includes(partition));
      },
    },
    events: {
      onAssigned: (partitions) => void told.push(`assigned ${names(partitions)}`),
      onRevoked: (partitions) => {
        told.push(`revoked ${names(partitions)}`);
        return new Promise((resolve) => ends.push(resolve));
      },
      onLost: (partitions) => void told.push(`lost ${names(partitions)}`),
    },
    log: silentLog,
  });
  const assign = (generationId: number): void =>
    held.assign(PARTITION, { groupId: 'g', generationId, memberId: 'm', groupInstanceId: null });
  return {
    held,
    told,
    assign,
    endHandlers: () => ends.splice(0).forEach((end) => end()),
    fetched: () => names(fetched),
  };
}

describe('the partitions of a member', () => {
  it('are given away once, whoever wants it', async () => {
    const { assign, endHandlers, fetched, held, told } = setUp();
    assign(1);
    const revoked = [held.revoke(Date.now() + LONG), held.revoke(Date.now() + LONG)];
    await turns();
    expect([held.all.length, fetched()]).toEqual([1, '1']);
    endHandlers();
    await Promise.all(revoked);
    expect([held.all.length, fetched()]).toEqual([0, '']);
    expect(told).toEqual(['assigned 1', 'revoked 1']);
  });

  it('are given away at the deadline, whatever still goes on', async () => {
    const { assign, fetched, held } = setUp();
    assign(1);
    await held.revoke(Date.now() + 10);
    expect([held.all.length, fetched()]).toEqual([0, '']);
  });

  it('are given away, too, when those before them were lost while a handler held up the end', async () => {
    const { assign, endHandlers, fetched, held, told } = setUp();
    assign(1);
    const first = held.revoke(Date.now() + LONG);
    held.lose();
    assign(2);
    const second = held.revoke(Date.now() + LONG);
    endHandlers();
    await Promise.all([first, second]);
    expect([held.all.length, fetched()]).toEqual([0, '']);
    expect(told).toEqual(['assigned 1', 'revoked 1', 'lost 1', 'assigned 2', 'revoked 2']);
  });

  it('stay when the end of those before them comes late', async () => {
    const { assign, endHandlers, fetched, held } = setUp();
    assign(1);
    const first = held.revoke(Date.now() + LONG);
    held.lose();
    assign(2);
    endHandlers();
    await first;
    expect([held.all.length, fetched()]).toEqual([1, '2']);
  });
});
