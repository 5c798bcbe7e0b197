import { setTimeout as sleep } from 'node:timers/promises';
import { BrokerResponseError } from '../../../wire/broker-response-error.js';
import { BrokerConnectionError, KafkaAuthenticationError } from '../../../wire/connection-errors.js';
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from '../../../wire/protocol/consumer-protocol.js';
import { turns, until } from '../../../wire/spec-support/until.js';
import { HEARTBEAT_MS, MembershipBench } from './spec-support/membership-bench.js';

const NEVER = new Promise<never>(() => undefined);

/** Long enough for some heartbeats, of which there should be none. */
async function someHeartbeats(): Promise<void> {
  // Timers of Node fire in the order in which they are due, however busy the machine is.
  for (let beat = 0; beat < 10; beat++) await sleep(2 * HEARTBEAT_MS);
}

/** A bench whose member has its first assignment, `t-1`. */
async function member(...parameters: ConstructorParameters<typeof MembershipBench>): Promise<MembershipBench> {
  const bench = new MembershipBench(...parameters);
  bench.membership.start();
  await until(() => bench.membership.state === 'stable', 'the first assignment');
  return bench;
}

function subscription(...topics: readonly string[]): Buffer {
  return encodeSubscription({ topics, userData: null, ownedPartitions: [], generationId: -1, rackId: null });
}

describe('Joining', () => {
  it('sends a join with the member id that the coordinator has given', async () => {
    await using bench = new MembershipBench({ clientRack: 'rack-a' });
    bench.coordinator.next('JoinGroup', { errorCode: 79, memberId: 'given' });
    bench.membership.start();
    await until(() => bench.membership.state === 'stable');
    expect(bench.coordinator.sentOf('JoinGroup').map(({ memberId }) => memberId)).toEqual(['', 'given']);
    expect(bench.membership.identity).toMatchObject({ groupId: 'billing', memberId: 'given', generationId: 1 });
    expect(bench.told).toEqual(['assigned t-1']);
    const [join] = bench.coordinator.sentOf('JoinGroup');
    expect(join).toMatchObject({ protocolType: 'consumer', rebalanceTimeoutMs: 60_000, sessionTimeoutMs: 5_000 });
    expect(decodeSubscription(join?.protocols[0]?.metadata ?? Buffer.alloc(0))).toMatchObject({
      topics: ['t'],
      ownedPartitions: [],
      rackId: 'rack-a',
    });
  });

  it('tells its last generation, so that no coordinator takes the join for a repetition', async () => {
    await using bench = await member();
    bench.membership.requestRejoin('a test');
    await until(() => bench.coordinator.sentOf('JoinGroup').length === 2 && bench.membership.state === 'stable');
    const told = bench.coordinator
      .sentOf('JoinGroup')
      .map(({ protocols: [protocol] }) => decodeSubscription(protocol?.metadata ?? Buffer.alloc(0)).generationId);
    expect(told).toEqual([-1, 1]);
  });

  it('waits for the others longer than for other requests', async () => {
    await using bench = await member();
    for (const { api, timeoutMs } of bench.coordinator.sent) {
      expect([api, timeoutMs]).toEqual([api, api === 'Heartbeat' ? 1_000 : 65_000]);
    }
  });

  it.each([
    ['JoinGroup', 25, ''],
    ['JoinGroup', 27, 'member-1'],
    ['SyncGroup', 22, 'member-1'],
    ['SyncGroup', 25, ''],
    ['SyncGroup', 27, 'member-1'],
    ['SyncGroup', 16, 'member-1'],
    ['JoinGroup', 14, 'member-1'],
    ['JoinGroup', 15, 'member-1'],
    ['JoinGroup', -1, 'member-1'],
    ['SyncGroup', -1, 'member-1'],
  ] as const)('again after %s has answered %i, as member "%s"', async (api, errorCode, memberId) => {
    await using bench = await member();
    bench.coordinator.next(api, errorCode);
    bench.membership.requestRejoin('a test');
    await until(() => bench.told.length === 3, 'the next assignment');
    expect(bench.told.slice(1)).toEqual(['prepare', expect.stringMatching(/^assigned t-/)]);
    expect(bench.coordinator.sentOf('JoinGroup').map((join) => join.memberId)).toEqual(['', 'member-1', memberId]);
  });

  it('does not ask without a pause when the group never settles', async () => {
    await using bench = new MembershipBench({ retryBackoffMs: 60_000, retryBackoffMaxMs: 60_000 });
    bench.coordinator.next('SyncGroup', ...Array.from({ length: 50 }, () => 27));
    bench.membership.start();
    await until(() => bench.coordinator.sentOf('SyncGroup').length >= 4);
    await turns(50);
    expect(bench.coordinator.sentOf('SyncGroup')).toHaveLength(4);
  });

  it('goes on through any number of lost connections, and tells of the outage once', async () => {
    await using bench = await member();
    const lost = new BrokerConnectionError('The connection has ended.');
    bench.coordinator.next('JoinGroup', lost, lost, 15, lost, 16, lost, new BrokerResponseError(15));
    bench.coordinator.next('SyncGroup', lost);
    bench.membership.requestRejoin('a test');
    await until(() => bench.membership.state === 'stable' && bench.told.length === 5);
    expect(bench.told).toEqual(['assigned t-1', 'prepare', 'trouble', 'passed', expect.stringMatching(/^assigned/)]);
  });

  it('says nothing of a single failure', async () => {
    await using bench = new MembershipBench();
    bench.coordinator.next('JoinGroup', 16);
    bench.membership.start();
    await until(() => bench.membership.state === 'stable');
    expect(bench.told).toEqual(['assigned t-1']);
  });

  it.each([23, 24, 26, 30, 81, 82])('ends for good when JoinGroup answers %i', async (errorCode) => {
    await using bench = await member({ groupInstanceId: 'rack-1' });
    bench.coordinator.next('JoinGroup', errorCode);
    bench.membership.requestRejoin('a test');
    await until(() => bench.fatal !== null);
    expect(bench.told).toEqual(['assigned t-1', 'prepare', 'fatal']);
    expect(bench.fatal).toMatchObject({ code: errorCode });
    expect(bench.fatal?.message).toMatch(/billing|rack-1|'billing'|sessionTimeoutMs of 5000/);
    expect(bench.membership).toMatchObject({ state: 'failed', identity: null });
    const { length } = bench.coordinator.sent;
    bench.membership.requestRejoin('a test');
    await turns();
    expect(bench.coordinator.sent).toHaveLength(length);
  });

  it.each([
    ['the group coordinator may not be looked up', new BrokerResponseError(30), /GROUP_AUTHORIZATION_FAILED.*billing/],
    ['the broker refuses the credentials', new KafkaAuthenticationError('Wrong password.'), /Wrong password/],
    ['there is a fault in the program', new TypeError('undefined is not a function'), /undefined/],
  ])('ends for good when %s', async (_, error, message) => {
    await using bench = new MembershipBench();
    bench.coordinator.next('JoinGroup', error);
    bench.membership.start();
    await until(() => bench.fatal !== null);
    expect(bench.told).toEqual(['fatal']);
    expect(bench.fatal?.message).toMatch(message);
  });

  it.each([
    ['a protocol that was not offered', { protocolName: 'cooperative-sticky' }],
    ['a group of another kind', { protocolType: 'connect' }],
  ])('ends for good when the answer names %s', async (_, answer) => {
    await using bench = new MembershipBench();
    bench.coordinator.next('JoinGroup', answer);
    bench.membership.start();
    await until(() => bench.fatal !== null);
    expect(bench.fatal).toMatchObject({ code: 23 });
  });

  it('takes no topic that was not asked for, and joins again', async () => {
    await using bench = new MembershipBench();
    const topicPartitions = [{ topic: 'former', partitions: [0] }];
    bench.coordinator.next('SyncGroup', { assignment: encodeAssignment({ topicPartitions, userData: null }) });
    bench.membership.start();
    await until(() => bench.membership.state === 'stable');
    expect(bench.told).toEqual(['assigned t-2']);
  });

  it('takes nothing at all for no partitions: the leader has left the member out', async () => {
    await using bench = await member();
    bench.coordinator.next('SyncGroup', { assignment: Buffer.alloc(0) });
    bench.membership.requestRejoin('a test');
    await until(() => bench.told.includes('assigned'));
    expect(bench.membership.identity).toMatchObject({ generationId: 2 });
  });

  it('joins once more when it was asked to while it joined', async () => {
    await using bench = await member();
    let answer: (code: number) => void = () => undefined;
    bench.coordinator.next('JoinGroup', new Promise<number>((resolve) => (answer = resolve)));
    bench.membership.requestRejoin('the first reason');
    await until(() => bench.coordinator.sentOf('JoinGroup').length === 2);
    bench.membership.requestRejoin('the second reason');
    bench.membership.requestRejoin('the third reason');
    answer(0);
    await until(() => bench.told.length === 5);
    await turns();
    expect(bench.told).toEqual(['assigned t-1', 'prepare', 'assigned t-2', 'prepare', 'assigned t-3']);
    expect(bench.coordinator.sentOf('JoinGroup').map(({ reason }) => reason)).toEqual([
      'the member starts',
      'the first reason',
      'the second reason',
    ]);
  });
});

describe('Leading', () => {
  const leads = {
    leader: 'member-1',
    memberId: 'member-1',
    members: [
      { memberId: 'member-1', groupInstanceId: null, metadata: subscription('t') },
      { memberId: 'member-2', groupInstanceId: null, metadata: subscription('t', 'u') },
      { memberId: 'stranger', groupInstanceId: null, metadata: Buffer.from([0]) },
    ],
  };

  it('assigns to all members, also those that read other topics or cannot be understood', async () => {
    await using bench = new MembershipBench();
    bench.coordinator.next('JoinGroup', leads);
    bench.membership.start();
    await until(() => bench.membership.state === 'stable');
    const [sync] = bench.coordinator.sentOf('SyncGroup');
    expect(
      sync?.assignments.map(({ memberId, assignment }) => [memberId, decodeAssignment(assignment).topicPartitions]),
    ).toEqual([
      ['member-1', [{ topic: 't', partitions: [0] }]],
      [
        'member-2',
        [
          { topic: 't', partitions: [1] },
          { topic: 'u', partitions: [0, 1] },
        ],
      ],
      ['stranger', []],
    ]);
    expect(bench.membership.isLeader).toBe(true);
  });

  it('keeps the assignment of a group to which a static leader comes back, and looks out for its topics', async () => {
    const asked: string[][] = [];
    await using bench = new MembershipBench(
      { groupInstanceId: 'rack-1' },
      {
        partitionCounts: (topics) => {
          asked.push([...topics]);
          return Promise.resolve(new Map());
        },
      },
    );
    bench.coordinator.next('JoinGroup', { ...leads, skipAssignment: true });
    bench.membership.start();
    await until(() => bench.membership.state === 'stable');
    expect(bench.coordinator.sentOf('SyncGroup')[0]?.assignments).toEqual([]);
    expect(asked).toEqual([['t', 'u']]);
    expect(bench.told).toEqual(['assigned t-1']);
  });

  it('tries again when metadata cannot be had, and is alive meanwhile', async () => {
    let fail: (error: Error) => void = () => undefined;
    let asked = 0;
    await using bench = new MembershipBench(
      {},
      {
        partitionCounts: () =>
          ++asked === 1 ? new Promise((_, reject) => (fail = reject)) : Promise.resolve(new Map([['t', 1]])),
      },
    );
    bench.coordinator.next('JoinGroup', leads, leads);
    bench.membership.start();
    await until(() => bench.coordinator.sentOf('Heartbeat').length >= 3);
    expect(bench.coordinator.sentOf('SyncGroup')).toEqual([]);
    fail(new BrokerConnectionError('The connection has ended.'));
    await until(() => bench.membership.state === 'stable');
    expect(bench.coordinator.sentOf('JoinGroup')).toHaveLength(2);
  });
});

describe('A leader that leaves', () => {
  it('before its join is answered is not brought back to life by the answer', async () => {
    await using bench = await member({}, { partitionCounts: () => NEVER });
    let answer: (join: object) => void = () => undefined;
    bench.coordinator.next('JoinGroup', new Promise<object>((resolve) => (answer = resolve)));
    bench.membership.requestRejoin('a test');
    await until(() => bench.coordinator.sentOf('JoinGroup').length === 2);
    await bench.membership.leave(Date.now() + 1_000);
    const { length } = bench.coordinator.sent;
    answer({ leader: 'member-1', memberId: 'member-1' });
    await someHeartbeats();
    expect(bench.coordinator.sent).toHaveLength(length);
  });
});

describe('A heartbeat', () => {
  it.each([
    [22, 'member-1'],
    [25, ''],
  ])('answered with %i means that the partitions are lost; the member joins as "%s"', async (errorCode, memberId) => {
    await using bench = await member();
    bench.coordinator.next('Heartbeat', errorCode);
    await until(() => bench.told.length === 3);
    expect(bench.told).toEqual(['assigned t-1', 'lost', 'assigned t-2']);
    expect(bench.coordinator.sentOf('JoinGroup')[1]).toMatchObject({ memberId });
  });

  it.each([30, 82])('answered with %i ends the membership', async (errorCode) => {
    await using bench = await member({ groupInstanceId: 'rack-1' });
    bench.coordinator.next('Heartbeat', errorCode);
    await until(() => bench.fatal !== null);
    expect(bench.told).toEqual(['assigned t-1', 'lost', 'fatal']);
    const { length } = bench.coordinator.sent;
    await someHeartbeats();
    expect(bench.coordinator.sent).toHaveLength(length);
  });

  it('answered with 27 asks for the partitions back once, and goes on meanwhile', async () => {
    await using bench = await member();
    let release: () => void = () => undefined;
    bench.onJoinPrepare = () => new Promise((resolve) => (release = resolve));
    bench.coordinator.next('Heartbeat', ...Array.from({ length: 5 }, () => 27));
    await until(() => bench.told.includes('prepare'));
    const { length } = bench.coordinator.sentOf('Heartbeat');
    await until(() => bench.coordinator.sentOf('Heartbeat').length > length + 5);
    expect(bench.membership).toMatchObject({ state: 'rebalancing', identity: { generationId: 1 } });
    release();
    await until(() => bench.membership.state === 'stable');
    expect(bench.told).toEqual(['assigned t-1', 'prepare', 'assigned t-2']);
    expect(bench.coordinator.sentOf('JoinGroup')[1]).toMatchObject({ memberId: 'member-1' });
  });

  it.each(['JoinGroup', 'SyncGroup'] as const)('is not sent while %s waits on the connection', async (api) => {
    await using bench = await member();
    bench.coordinator.next(api, NEVER);
    bench.membership.requestRejoin('a test');
    await until(() => bench.coordinator.sentOf(api).length === 2);
    const { length } = bench.coordinator.sentOf('Heartbeat');
    await someHeartbeats();
    expect(bench.coordinator.sentOf('Heartbeat')).toHaveLength(length);
    expect(bench.membership.identity).toBeNull();
  });

  it('that fails is repeated; the coordinator may have moved', async () => {
    await using bench = await member();
    const lost = new BrokerConnectionError('The connection has ended.');
    bench.coordinator.next('Heartbeat', lost, 16, 15, lost, 0);
    await until(() => bench.told.length === 3);
    expect(bench.told).toEqual(['assigned t-1', 'trouble', 'passed']);
    expect(bench.membership.identity).toMatchObject({ generationId: 1 });
  });

  it('of a former generation is not looked at when its answer comes', async () => {
    await using bench = await member();
    let answer: (code: number) => void = () => undefined;
    bench.coordinator.next('Heartbeat', new Promise<number>((resolve) => (answer = resolve)));
    const { length } = bench.coordinator.sentOf('Heartbeat');
    await until(() => bench.coordinator.sentOf('Heartbeat').length > length);
    bench.membership.requestRejoin('a test');
    await until(() => bench.told.length === 3);
    answer(25);
    await turns();
    expect(bench.told).toEqual(['assigned t-1', 'prepare', 'assigned t-2']);
  });

  it('that finds the member gone ends the wait for its partitions', async () => {
    await using bench = await member();
    bench.onJoinPrepare = () => NEVER;
    bench.coordinator.next('Heartbeat', 27, 25);
    await until(() => bench.told.length === 4);
    expect(bench.told).toEqual(['assigned t-1', 'prepare', 'lost', 'assigned t-2']);
  });

  it('unanswered for a session means that the partitions are lost; the member joins under its id', async () => {
    await using bench = await member({ sessionTimeoutMs: 30 });
    bench.coordinator.next('Heartbeat', NEVER);
    await until(() => bench.told.length === 3);
    expect(bench.told).toEqual(['assigned t-1', 'lost', 'assigned t-2']);
    expect(bench.coordinator.sentOf('JoinGroup')[1]).toMatchObject({ memberId: 'member-1' });
    // The silent connection is no use for the join.
    expect(bench.coordinator.disconnects).toBe(1);
  });
});

describe('Giving partitions away', () => {
  it('joins at the deadline when nobody is ready', async () => {
    await using bench = await member({ maxPollIntervalMs: 40 });
    let deadline = 0;
    bench.onJoinPrepare = (given) => {
      deadline = given;
      return NEVER;
    };
    bench.membership.requestRejoin('a test');
    await until(() => bench.told.length === 3);
    expect(Date.now()).toBeGreaterThanOrEqual(deadline - 1);
    expect(deadline).toBeGreaterThan(0);
  });

  it.each([
    ['rejects', () => Promise.reject(new Error('handler'))],
    [
      'throws',
      () => {
        throw new Error('handler');
      },
    ],
  ])('joins all the same when the hook %s', async (_, hook) => {
    await using bench = await member();
    bench.onJoinPrepare = hook;
    bench.membership.requestRejoin('a test');
    await until(() => bench.told.length === 3);
    expect(bench.told).toEqual(['assigned t-1', 'prepare', 'assigned t-2']);
    expect(bench.lines.some((line) => line.includes('onJoinPrepare') && line.includes('handler'))).toBe(true);
  });

  it('goes on when the one who was told of an assignment throws', async () => {
    await using bench = await member(
      {},
      {
        onAssigned: () => {
          throw new Error('listener');
        },
      },
    );
    await until(() => bench.coordinator.sentOf('Heartbeat').length > 2);
    expect(bench.membership.state).toBe('stable');
    expect(bench.lines.some((line) => line.includes('onAssigned') && line.includes('listener'))).toBe(true);
  });
});

describe('The time without an assignment', () => {
  it('is told from the start to the first one, and from when one is given away or lost to the next', async () => {
    await using bench = new MembershipBench();
    const madeAt = bench.membership.unstableSince;
    expect(madeAt).not.toBeNull();
    bench.membership.start();
    expect(bench.membership.unstableSince).toBe(madeAt);
    await until(() => bench.membership.state === 'stable');
    expect(bench.membership.unstableSince).toBeNull();
    bench.coordinator.next('JoinGroup', NEVER);
    bench.membership.requestRejoin('a test');
    await until(() => bench.coordinator.sentOf('JoinGroup').length > 1);
    expect(bench.membership.state).not.toBe('stable');
    expect(bench.membership.unstableSince).toBeGreaterThanOrEqual(madeAt ?? 0);
  });
});

describe('Leaving', () => {
  const soon = (): number => Date.now() + 1_000;

  it('says so, and is silent from then on', async () => {
    await using bench = await member();
    await bench.membership.leave(soon());
    expect(bench.coordinator.sentOf('LeaveGroup')).toEqual([
      { groupId: 'billing', groupInstanceId: null, memberId: 'member-1', reason: 'the consumer is closed' },
    ]);
    expect(bench.membership).toMatchObject({ state: 'closed', identity: null });
    const { length } = bench.coordinator.sent;
    bench.membership.requestRejoin('a test');
    await someHeartbeats();
    expect(bench.coordinator.sent).toHaveLength(length);
    await bench.membership.leave(soon());
    expect(bench.coordinator.sentOf('LeaveGroup')).toHaveLength(1);
    expect(bench.told).toEqual(['assigned t-1']);
  });

  it('is repeated until it is heard, or the time is over', async () => {
    await using bench = await member();
    const lost = new BrokerConnectionError('The connection has ended.');
    bench.coordinator.next('LeaveGroup', lost, 16, 15);
    await bench.membership.leave(soon());
    expect(bench.coordinator.sentOf('LeaveGroup')).toHaveLength(4);

    await using other = await member();
    other.coordinator.next('LeaveGroup', ...Array.from({ length: 10_000 }, () => lost));
    const startedAt = Date.now();
    await other.membership.leave(startedAt + 30);
    expect(Date.now() - startedAt).toBeLessThan(500);
  });

  it('is not said by a static member, which may come back', async () => {
    await using bench = await member({ groupInstanceId: 'rack-1' });
    await bench.membership.leave(soon());
    expect(bench.coordinator.sentOf('LeaveGroup')).toEqual([]);
    expect(bench.membership.state).toBe('closed');
  });

  it('does not wait for a join that waits for others, nor heeds its answer', async () => {
    await using bench = await member();
    let answer: (code: number) => void = () => undefined;
    bench.coordinator.next('JoinGroup', new Promise<number>((resolve) => (answer = resolve)));
    bench.membership.requestRejoin('a test');
    await until(() => bench.coordinator.sentOf('JoinGroup').length === 2);
    await bench.membership.leave(soon());
    expect(bench.coordinator.disconnects).toBe(1);
    expect(bench.coordinator.sentOf('LeaveGroup')).toMatchObject([{ memberId: 'member-1' }]);
    const { length } = bench.coordinator.sent;
    answer(0);
    await someHeartbeats();
    expect(bench.coordinator.sent).toHaveLength(length);
  });

  it('waits a moment for the id of a new member, which the coordinator would wait for, too', async () => {
    await using bench = new MembershipBench();
    let answer: (join: object) => void = () => undefined;
    bench.coordinator.next('JoinGroup', new Promise<object>((resolve) => (answer = resolve)));
    bench.membership.start();
    await until(() => bench.coordinator.sent.length === 1);
    const left = bench.membership.leave(soon());
    await turns();
    answer({ errorCode: 79, memberId: 'given' });
    await left;
    expect(bench.coordinator.sent.map(({ api }) => api)).toEqual(['JoinGroup', 'LeaveGroup']);
    expect(bench.coordinator.sentOf('LeaveGroup')).toMatchObject([{ memberId: 'given' }]);
  });

  it('in the middle of giving partitions away ends the wait', async () => {
    await using bench = await member();
    bench.onJoinPrepare = () => NEVER;
    bench.membership.requestRejoin('a test');
    await until(() => bench.told.includes('prepare'));
    await bench.membership.leave(soon());
    await turns();
    expect(bench.coordinator.sentOf('JoinGroup')).toHaveLength(1);
  });

  it('after retiring: no join comes between, whatever the group does', async () => {
    await using bench = await member();
    bench.membership.retire();
    bench.coordinator.next('Heartbeat', 27, 27);
    const { length } = bench.coordinator.sentOf('Heartbeat');
    await until(() => bench.coordinator.sentOf('Heartbeat').length > length + 4);
    bench.membership.requestRejoin('a test');
    await turns();
    expect(bench.told).toEqual(['assigned t-1']);
    expect(bench.membership.identity).toMatchObject({ generationId: 1 });
  });

  it('after retiring while partitions were given away: no join follows', async () => {
    await using bench = await member();
    let release: () => void = () => undefined;
    bench.onJoinPrepare = () => new Promise((resolve) => (release = resolve));
    bench.coordinator.next('Heartbeat', 27);
    await until(() => bench.told.includes('prepare'));
    bench.membership.retire();
    release();
    await someHeartbeats();
    expect(bench.coordinator.sentOf('JoinGroup')).toHaveLength(1);
    expect(bench.membership.identity).toMatchObject({ generationId: 1 });
  });

  it('when it was never a member has nothing to say', async () => {
    await using bench = new MembershipBench();
    await bench.membership.leave(soon());
    bench.membership.start();
    await turns();
    expect(bench.coordinator.sent).toEqual([]);
    expect(bench.membership.state).toBe('closed');
  });
});

describe('Closing', () => {
  it('in the middle of anything leaves no request behind, and tells nothing more', async () => {
    const seeds = Array.from({ length: 40 }, (_, index) => index);
    for (const turn of seeds) {
      const bench = new MembershipBench();
      bench.coordinator
        .next('JoinGroup', { errorCode: 79, memberId: 'given' })
        .next('SyncGroup', 27)
        .next('Heartbeat', 27);
      bench.membership.start();
      await turns(turn);
      await bench.membership.close();
      const [told, sent] = [bench.told.length, bench.coordinator.sent.length];
      await turns(30);
      expect([turn, bench.told.length, bench.coordinator.sent.length]).toEqual([turn, told, sent]);
      expect(bench.membership).toMatchObject({ state: 'closed', identity: null });
    }
  });
});

describe('The broker that coordinates the generation', () => {
  it('is the one that has given the assignment, and then whoever answers a heartbeat of that generation', async () => {
    await using bench = new MembershipBench();
    expect(bench.membership.coordinatorId).toBeNull();
    bench.membership.start();
    await until(() => bench.membership.state === 'stable');
    expect(bench.membership.coordinatorId).toBe(1);
    bench.coordinator.nodeId = 2;
    await until(() => bench.membership.coordinatorId === 2);
  });

  it('is known before the assignment is told, which is when offsets are asked for', async () => {
    const known: (number | null)[] = [];
    await using bench = new MembershipBench({}, { onAssigned: () => known.push(bench.membership.coordinatorId) });
    bench.coordinator.nodeId = 3;
    bench.membership.start();
    await until(() => known.length === 1);
    expect(known).toEqual([3]);
  });

  it('is nobody while the next generation comes together, and not one that refuses', async () => {
    await using bench = await member();
    let refuse: (code: number) => void = () => undefined;
    const refusal = new Promise<number>((resolve) => {
      refuse = resolve;
    });
    bench.coordinator.next('SyncGroup', refusal);
    bench.membership.requestRejoin('a test');
    await until(() => bench.coordinator.sentOf('SyncGroup').length === 2);
    expect(bench.membership.coordinatorId).toBeNull();
    bench.coordinator.next('SyncGroup', NEVER);
    refuse(27);
    await until(() => bench.coordinator.sentOf('SyncGroup').length === 3);
    expect(bench.membership.coordinatorId).toBeNull();
  });
});
