import { describe, expect, it, jest } from '@jest/globals';
import { heartbeatApi } from '../../lib/wire/protocol/heartbeat.js';
import { sharedCluster, startFaultProxy, uniqueGroup, uniqueTopic, waitFor } from '../support/broker.js';
import { joinGroup } from '../support/group-member.js';
import { openConnection, REQUEST_TIMEOUT_MS } from '../wire/open-connection.js';
import { MembershipHost, type MembershipHostOptions } from './membership-host.js';

const cluster = sharedCluster();
/** No member reads them: they need not exist. */
const TOPIC = 'orders';
const PARTITIONS = 6;
const ALL = Array.from({ length: PARTITIONS }, (_, partition) => `${TOPIC}-${partition}`);
const SHORT_SESSION_MS = 1_500;
const LIMIT_MS = 20_000;

jest.setTimeout(60_000);

function start(groupId: string, options: Partial<MembershipHostOptions> = {}): MembershipHost {
  return MembershipHost.start({
    client: cluster.clientConfig(),
    groupId,
    topics: [TOPIC],
    partitions: new Map([[TOPIC, PARTITIONS]]),
    ...options,
  });
}

/** Waits until the members hold all partitions between them, each in the same generation. */
async function settled(...hosts: readonly MembershipHost[]): Promise<void> {
  await waitFor(
    () => {
      const held = hosts.flatMap(({ assigned }) => assigned ?? []).sort();
      return held.join() === ALL.join() && new Set(hosts.map(({ generationId }) => generationId)).size === 1;
    },
    { limitMs: LIMIT_MS, what: `${hosts.length} members to share all partitions` },
  );
}

interface DescribedGroup {
  readonly state: string;
  readonly protocol: string;
  readonly members: readonly string[];
}

async function describeGroup(groupId: string): Promise<DescribedGroup> {
  const admin = cluster.kafkaJs().admin();
  await admin.connect();
  try {
    const { groups } = await admin.describeGroups([groupId]);
    const [group] = groups;
    return {
      state: group?.state ?? '',
      protocol: group?.protocol ?? '',
      members: (group?.members ?? []).map(({ memberId }) => memberId).sort(),
    };
  } finally {
    await admin.disconnect();
  }
}

/** Resolves when it is told to. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** What the coordinator says to a member of that generation. */
async function heartbeatCode(groupId: string, generationId: number, memberId: string): Promise<number> {
  const [address = ''] = cluster.bootstrapServers();
  using opened = await openConnection(address);
  const request = { groupId, generationId, memberId, groupInstanceId: null };
  const { errorCode } = await opened.connection.send(heartbeatApi, request, REQUEST_TIMEOUT_MS, 3);
  return errorCode;
}

describe('A group member', () => {
  it('that is alone gets all partitions, in the generation and under the id that the coordinator knows', async () => {
    const groupId = uniqueGroup();
    await using only = start(groupId);
    await settled(only);
    expect(only.membership.isLeader).toBe(true);
    expect(only.membership.identity).toMatchObject({ groupId, generationId: 1, groupInstanceId: null });
    expect(await describeGroup(groupId)).toEqual({ state: 'Stable', protocol: 'range', members: [only.memberId] });
    expect(await heartbeatCode(groupId, only.generationId, only.memberId)).toBe(0);
    expect(await heartbeatCode(groupId, only.generationId + 1, only.memberId)).toBe(22);
    expect(only.events.map(({ type }) => type)).toEqual(['assigned']);
  });

  it('shares with a second one, and gets everything back when that leaves', async () => {
    const groupId = uniqueGroup();
    await using first = start(groupId);
    await settled(first);
    await using second = start(groupId);
    await settled(first, second);
    expect(first.assigned).toHaveLength(3);
    expect(second.assigned).toHaveLength(3);
    expect([first, second].filter(({ membership }) => membership.isLeader)).toHaveLength(1);
    await second[Symbol.asyncDispose]();
    await settled(first);
    expect(await describeGroup(groupId)).toMatchObject({ members: [first.memberId] });
    expect(first.events.map(({ type }) => type)).toEqual(['assigned', 'prepare', 'assigned', 'prepare', 'assigned']);
  });

  it('joins again when a third one comes and goes, under the id it had', async () => {
    const groupId = uniqueGroup();
    await using first = start(groupId, { config: { partitionAssignmentStrategy: ['roundrobin', 'range'] } });
    await using second = start(groupId, { config: { partitionAssignmentStrategy: ['roundrobin'] } });
    await settled(first, second);
    const { memberId, generationId } = first;
    await using third = start(groupId, { config: { partitionAssignmentStrategy: ['range', 'roundrobin'] } });
    await settled(first, second, third);
    expect(await describeGroup(groupId)).toMatchObject({ protocol: 'roundrobin' });
    expect(third.assigned).toHaveLength(2);
    await third[Symbol.asyncDispose]();
    await settled(first, second);
    expect(first.memberId).toBe(memberId);
    expect(first.generationId).toBe(generationId + 2);
    expect(first.eventsOf('lost')).toEqual([]);
  });

  it('that vanishes without a word is replaced when its session is over', async () => {
    const groupId = uniqueGroup();
    await using first = start(groupId);
    await using second = start(groupId, { config: { sessionTimeoutMs: SHORT_SESSION_MS } });
    await settled(first, second);
    const vanishedAt = Date.now();
    await second.vanish();
    await settled(first);
    const [last] = first.eventsOf('assigned').slice(-1);
    expect((last?.at ?? 0) - vanishedAt).toBeGreaterThan(SHORT_SESSION_MS - 500);
  });

  it('is waited for while it gives its partitions away, and its session goes on', async () => {
    const groupId = uniqueGroup();
    const prepared = gate();
    await using proxied = await startFaultProxy();
    const config = { sessionTimeoutMs: SHORT_SESSION_MS };
    await using first = start(groupId, {
      client: { brokers: proxied.bootstrapServers },
      config,
      onJoinPrepare: () => prepared.opened,
    });
    await settled(first);
    const { identity } = first.membership;
    // The join of the second one is answered long after its request timeout.
    await using second = start(groupId, { config: { requestTimeoutMs: 500 } });
    await waitFor(() => first.eventsOf('prepare').length > 0, {
      what: 'the first member to be asked for its partitions',
    });
    const sentBefore = proxied.proxy.count('Heartbeat');
    const startedAt = Date.now();
    await waitFor(() => Date.now() - startedAt > SHORT_SESSION_MS + 500, { what: 'more than a session to pass' });
    expect(proxied.proxy.count('Heartbeat') - sentBefore).toBeGreaterThan(5);
    expect(proxied.proxy.count('JoinGroup')).toBe(2);
    expect(first.membership.identity).toEqual(identity);
    expect(first.membership.state).toBe('rebalancing');
    expect(await heartbeatCode(groupId, first.generationId, first.memberId)).toBe(27);
    prepared.open();
    await settled(first, second);
    expect(first.memberId).toBe(identity?.memberId);
    expect(first.eventsOf('lost')).toEqual([]);
    expect(second.eventsOf('trouble')).toEqual([]);
  });

  it('joins at the deadline, ready or not', async () => {
    const groupId = uniqueGroup();
    const never = gate();
    await using first = start(groupId, {
      config: { maxPollIntervalMs: 1_000 },
      onJoinPrepare: () => never.opened,
    });
    await settled(first);
    await using second = start(groupId);
    await settled(first, second);
    const [prepare] = first.eventsOf('prepare');
    const [, assigned] = first.eventsOf('assigned');
    expect(assigned?.at).toBeGreaterThanOrEqual(prepare?.deadline ?? Infinity);
    expect(first.log.lines.some((line) => line.startsWith('warn') && line.includes('not given up in time'))).toBe(true);
  });

  it('that shares no assignment strategy with the others is told what to do', async () => {
    const groupId = uniqueGroup();
    const topic = uniqueTopic('other-client');
    await cluster.createTopic(topic);
    await using kafkaJsMember = await joinGroup(cluster, topic, groupId);
    await using refused = start(groupId);
    await waitFor(() => refused.membership.state === 'failed', { what: 'the refusal' });
    const [fatal] = refused.eventsOf('fatal');
    expect(fatal?.error.message).toMatch(/INCONSISTENT_GROUP_PROTOCOL.*partitionAssignmentStrategy.*group id of/);
    expect(refused.eventsOf('lost')).toEqual([]);
    expect(await describeGroup(groupId)).toMatchObject({ members: [kafkaJsMember.memberId] });
  });

  it('whose session length the broker does not allow is told what to do', async () => {
    await using refused = start(uniqueGroup(), { config: { sessionTimeoutMs: 50 } });
    await waitFor(() => refused.membership.state === 'failed', { what: 'the refusal' });
    expect(refused.eventsOf('fatal')[0]?.error.message).toMatch(/sessionTimeoutMs of 50 .*group\.min\.session/);
  });

  it('that is static comes back to its partitions without a rebalance', async () => {
    const groupId = uniqueGroup();
    const config = { groupInstanceId: 'rack-1' };
    await using other = start(groupId, { config: { groupInstanceId: 'rack-2' } });
    const before = start(groupId, { config });
    await settled(other, before);
    const { assigned, memberId, generationId } = before;
    await before[Symbol.asyncDispose]();
    await using after = start(groupId, { config });
    await settled(other, after);
    expect(after.assigned).toEqual(assigned);
    expect(after.memberId).not.toBe(memberId);
    expect(after.generationId).toBe(generationId);
    // It has joined when the other one was there; the other one has noticed nothing since.
    expect(other.eventsOf('lost')).toEqual([]);
    expect(other.generationId).toBe(generationId);
  });

  it('that is static and leads keeps what the group has when it comes back', async () => {
    const groupId = uniqueGroup();
    const config = { groupInstanceId: 'rack-1' };
    const before = start(groupId, { config });
    await settled(before);
    await using other = start(groupId, { config: { groupInstanceId: 'rack-2' } });
    await settled(before, other);
    const { assigned, generationId } = before;
    expect(before.membership.isLeader).toBe(true);
    await before[Symbol.asyncDispose]();
    await using after = start(groupId, { config });
    await settled(after, other);
    expect(after).toMatchObject({ assigned, generationId });
    expect(after.membership.isLeader).toBe(true);
  });

  it('whose instance id is taken by another one stops, and says so', async () => {
    const groupId = uniqueGroup();
    const config = { groupInstanceId: 'rack-1' };
    await using former = start(groupId, { config });
    await settled(former);
    await using latter = start(groupId, { config });
    await waitFor(() => former.membership.state === 'failed', { what: 'the former member to be fenced' });
    await settled(latter);
    expect(former.events.map(({ type }) => type)).toEqual(['assigned', 'lost', 'fatal']);
    expect(former.eventsOf('fatal')[0]?.error.message).toMatch(/FENCED_INSTANCE_ID.*groupInstanceId 'rack-1'/);
  });

  it('takes over when the leader dies with the assignments in its hands', async () => {
    const groupId = uniqueGroup();
    const never = gate();
    const leader = start(groupId, {
      config: { sessionTimeoutMs: SHORT_SESSION_MS },
      countPartitions: () => never.opened.then(() => new Map<string, number>()),
    });
    await waitFor(async () => (await describeGroup(groupId)).state === 'CompletingRebalance', {
      what: 'the leader to be asked for an assignment',
    });
    await using other = start(groupId);
    await waitFor(async () => (await describeGroup(groupId)).members.length === 2, { what: 'the other member' });
    await leader.vanish();
    await settled(other);
    expect(other.membership.isLeader).toBe(true);
  });

  it('that leaves while it waits for the others is gone at once', async () => {
    const groupId = uniqueGroup();
    const prepared = gate();
    await using first = start(groupId, { onJoinPrepare: () => prepared.opened });
    await settled(first);
    const second = start(groupId);
    await waitFor(() => first.eventsOf('prepare').length > 0, {
      what: 'the first member to be asked for its partitions',
    });
    expect((await describeGroup(groupId)).members).toHaveLength(2);
    await second[Symbol.asyncDispose]();
    expect((await describeGroup(groupId)).members).toEqual([first.memberId]);
    expect(second.events).toEqual([]);
    prepared.open();
    await settled(first);
  });

  it('that leaves in its first moment leaves nothing behind', async () => {
    const groupId = uniqueGroup();
    for (let round = 0; round < 5; round++) {
      const host = start(groupId);
      await host[Symbol.asyncDispose]();
      expect(host.events).toEqual([]);
    }
    await using after = start(groupId);
    // Members that exist and are not there would be waited for until their session is over.
    await settled(after);
    expect(await describeGroup(groupId)).toMatchObject({ members: [after.memberId] });
  });

  it('goes on when the coordinator has been away, and tells of it once', async () => {
    const groupId = uniqueGroup();
    await using proxied = await startFaultProxy();
    await using member = start(groupId, { client: { brokers: proxied.bootstrapServers } });
    await settled(member);
    const { memberId, generationId } = member;
    proxied.proxy.refuse();
    proxied.proxy.on({ api: 'Heartbeat', phase: 'request', action: 'reset' });
    await waitFor(() => member.eventsOf('trouble').length > 0, { what: 'the trouble' });
    const before = member.log.lines.length;
    await waitFor(() => member.log.lines.length > before + 3, { what: 'some attempts' });
    await proxied.proxy.heal();
    await waitFor(() => member.eventsOf('trouble').length > 1, { what: 'the end of the trouble' });
    expect(member.eventsOf('trouble').map(({ error }) => error === null)).toEqual([false, true]);
    expect(member).toMatchObject({ memberId, generationId });
    expect(member.eventsOf('lost')).toEqual([]);
  });

  it('counts its partitions as lost when the coordinator is silent for a session, and joins again', async () => {
    const groupId = uniqueGroup();
    await using proxied = await startFaultProxy();
    await using member = start(groupId, {
      client: { brokers: proxied.bootstrapServers },
      config: { sessionTimeoutMs: SHORT_SESSION_MS },
    });
    await settled(member);
    const silentSince = Date.now();
    const silence = proxied.proxy.on({ api: 'Heartbeat', phase: 'request', action: 'drop', times: Infinity });
    await waitFor(() => member.eventsOf('lost').length > 0, { what: 'the loss' });
    const [lost] = member.eventsOf('lost');
    expect((lost?.at ?? 0) - silentSince).toBeLessThan(SHORT_SESSION_MS + 500);
    silence.remove();
    await settled(member);
    expect(member.eventsOf('prepare')).toEqual([]);
  });

  it('that joins again makes another generation, also when nothing has changed: commits of the former one have to be refused', async () => {
    const groupId = uniqueGroup();
    await using first = start(groupId);
    await using second = start(groupId);
    await settled(first, second);
    const { generationId } = first;
    const follower = first.membership.isLeader ? second : first;
    follower.membership.requestRejoin('a test');
    await waitFor(() => follower.generationId > generationId, { limitMs: LIMIT_MS, what: 'another generation' });
    await settled(first, second);
    expect(await heartbeatCode(groupId, generationId, follower.memberId)).toBe(22);
  });

  it('joins all the same when answers to its joins are lost', async () => {
    const groupId = uniqueGroup();
    await using proxied = await startFaultProxy();
    for (const api of ['JoinGroup', 'SyncGroup'] as const) {
      proxied.proxy.on({ api, phase: 'response', action: 'reset', times: 2 });
      proxied.proxy.on({ api, phase: 'request', action: 'reset', nth: 4 });
    }
    await using first = start(groupId, {
      client: { brokers: proxied.bootstrapServers },
      config: { sessionTimeoutMs: SHORT_SESSION_MS },
    });
    await using second = start(groupId);
    await settled(first, second);
    expect((await describeGroup(groupId)).members).toEqual([first.memberId, second.memberId].sort());
  });

  it('joins with another subscription when it has changed', async () => {
    const groupId = uniqueGroup();
    await using member = start(groupId, {
      partitions: new Map([
        [TOPIC, PARTITIONS],
        ['returns', 1],
      ]),
    });
    await settled(member);
    member.topics = ['returns'];
    member.membership.requestRejoin('the subscription has changed');
    await waitFor(() => member.assigned?.join() === 'returns-0', { what: 'the other topic' });
    expect(member.events.map(({ type }) => type)).toEqual(['assigned', 'prepare', 'assigned']);
  });

  it('that retires stays a member, and does not join again', async () => {
    const groupId = uniqueGroup();
    await using first = start(groupId, { config: { sessionTimeoutMs: SHORT_SESSION_MS } });
    await settled(first);
    first.membership.retire();
    await using second = start(groupId);
    const startedAt = Date.now();
    await waitFor(() => Date.now() - startedAt > SHORT_SESSION_MS + 500, { what: 'more than a session to pass' });
    expect(first.events.map(({ type }) => type)).toEqual(['assigned']);
    expect(await heartbeatCode(groupId, first.generationId, first.memberId)).toBe(27);
    await first[Symbol.asyncDispose]();
    await settled(second);
  });
});
