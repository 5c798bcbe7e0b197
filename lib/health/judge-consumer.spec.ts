import { describe, expect, it } from '@jest/globals';
import type { ConsumerEngineStatus } from '../consumer/consumer-engine-api.js';
import type { KafkaListenerStatus, ListenerPartitionStatus } from '../consumer/listener-events.js';
import { BrokerUnavailableError } from '../wire/connection-errors.js';
import { judgeLiveness, judgeReadiness, judgeStartup } from './judge-consumer.js';
import type { ConsumerHealthOptions } from './kafka-health-options.js';
import { listenerDetails } from './listener-details.js';

const PARTITION: ListenerPartitionStatus = {
  topic: 'orders',
  partition: 0,
  position: '9',
  committed: '5',
  watermark: '5',
  endOffset: '9',
  lag: 4,
  inFlight: 4,
  oldestInFlightMs: 100,
  oldestCallMs: 0,
  isPaused: false,
};
const GROUP: ConsumerEngineStatus = {
  state: 'stable',
  unstableMs: 0,
  missingTopics: [],
  troubledMs: 0,
  generationId: 3,
  memberId: 'm',
  assigned: [],
  connectedBrokers: 1,
  lastError: null,
  coordinatorSilentMs: 900,
};

interface Changes {
  readonly listener?: Partial<KafkaListenerStatus>;
  readonly partition?: Partial<ListenerPartitionStatus>;
  readonly group?: Partial<ConsumerEngineStatus> | null;
  readonly producersWait?: boolean;
  readonly sinceWaitedMs?: number;
}

function stateOf({
  group = {},
  listener,
  partition,
  producersWait = false,
  sinceWaitedMs = Number.POSITIVE_INFINITY,
}: Changes): Parameters<typeof judgeLiveness>[0] {
  return {
    listener: {
      listenerId: 'Orders.onOrder',
      groupId: 'shop',
      topics: ['orders'],
      state: 'running',
      error: null,
      hasJoined: true,
      oldestCallMs: partition?.oldestCallMs ?? 0,
      partitions: [{ ...PARTITION, ...partition }],
      ...listener,
    },
    group: group === null ? null : { ...GROUP, ...group },
    producersWait,
    sinceWaitedMs,
  };
}

function statuses(changes: Changes, options: ConsumerHealthOptions = {}): string[] {
  return [judgeLiveness, judgeReadiness, judgeStartup].map((judge) => judge(stateOf(changes), options).status);
}

const STUCK = { oldestCallMs: 60_001 };
const FAILED = { state: 'failed', error: new RangeError('out of stock'), partitions: [] } as const;

describe('a listener', () => {
  it.each<[string, Changes, string, string, string]>([
    ['that runs', {}, 'up', 'up', 'up'],
    ['that is paused', { listener: { state: 'paused' } }, 'up', 'up', 'up'],
    ['that stands by', { listener: { partitions: [] } }, 'up', 'up', 'up'],
    ['that has not joined yet', { listener: { hasJoined: false }, group: { state: 'joining' } }, 'up', 'down', 'down'],
    ['that was stopped', { listener: { state: 'stopped' }, group: null }, 'up', 'up', 'up'],
    ['that was never started', { listener: { state: 'stopped', hasJoined: false }, group: null }, 'up', 'up', 'up'],
    ['that has failed', { listener: FAILED, group: null }, 'down', 'down', 'down'],
    ['in a rebalance', { group: { state: 'rebalancing', unstableMs: 30_000 } }, 'up', 'up', 'up'],
    ['in a long rebalance', { group: { state: 'joining', unstableMs: 30_001 } }, 'up', 'down', 'up'],
    ['whose coordinator is silent', { group: { coordinatorSilentMs: 30_001 } }, 'up', 'down', 'up'],
    ['whose lag is large', { partition: { lag: 1_000_000 } }, 'up', 'up', 'up'],
    ['whose handler does not come back', { partition: STUCK }, 'down', 'down', 'down'],
    ['whose handler takes its time', { partition: { oldestCallMs: 60_000 } }, 'up', 'up', 'up'],
    ['whose records wait for their turn', { partition: { oldestInFlightMs: 600_000 } }, 'up', 'up', 'up'],
    ['whose handler waits for brokers', { partition: STUCK, producersWait: true }, 'up', 'up', 'up'],
    ['whose group is in trouble', { partition: STUCK, group: { lastError: 'no coordinator' } }, 'up', 'up', 'up'],
    ['whose group rebalances', { partition: STUCK, group: { state: 'rebalancing' } }, 'up', 'up', 'up'],
    ['that hears nothing', { partition: STUCK, group: { coordinatorSilentMs: 10_001 } }, 'up', 'up', 'up'],
  ])('%s is live, ready and started, or not', (_name, changes, live, ready, started) => {
    expect(statuses(changes)).toEqual([live, ready, started]);
  });

  it('does not fail liveness when it could not be started for want of a broker, but is not ready, until they are back', () => {
    const listener = { ...FAILED, error: new BrokerUnavailableError('no broker') };
    const outage = { group: null, producersWait: true };
    expect(statuses({ listener, ...outage })).toEqual(['up', 'down', 'up']);
    expect(statuses({ listener: { ...listener, hasJoined: false }, ...outage })).toEqual(['up', 'down', 'down']);
    // The brokers are back, and it is not.
    expect(statuses({ listener, group: null })).toEqual(['down', 'down', 'down']);
  });

  it('counts a call from the end of an outage on, not the outage', () => {
    expect(statuses({ partition: STUCK, sinceWaitedMs: 3_000 })).toEqual(['up', 'up', 'up']);
    expect(statuses({ partition: STUCK, sinceWaitedMs: 60_001 })).toEqual(['down', 'down', 'down']);
  });

  it('is not ready when something has been wrong for longer than the grace', () => {
    expect(statuses({ group: { troubledMs: 30_000 } })).toEqual(['up', 'up', 'up']);
    expect(statuses({ group: { troubledMs: 30_001, lastError: 'orders-0 has no leader' } })).toEqual([
      'up',
      'down',
      'up',
    ]);
  });

  it('does not fail liveness when the application starts it again by itself', () => {
    expect(statuses({ listener: FAILED, group: null }, { restartsFailedListeners: true })).toEqual([
      'up',
      'down',
      'up',
    ]);
  });

  it('has limits of its own, before those of all', () => {
    const changes = { partition: { ...STUCK, lag: 10 } };
    expect(statuses(changes, { maxUnackedAgeMs: 0 })[0]).toBe('up');
    expect(statuses(changes, { maxUnackedAgeMs: 100_000 })[0]).toBe('up');
    const listeners = { 'Orders.onOrder': { maxUnackedAgeMs: 1_000 } };
    expect(statuses(changes, { maxUnackedAgeMs: 0, listeners })[0]).toBe('down');
    expect(statuses(changes, { maxUnackedAgeMs: 0, listeners: { other: { maxUnackedAgeMs: 1_000 } } })[0]).toBe('up');
  });

  it('is degraded while a topic does not exist, once the brokers have told', () => {
    expect(statuses({ group: { missingTopics: ['orders', 'of others'] } })).toEqual(['up', 'degraded', 'up']);
    expect(statuses({ group: { missingTopics: ['of others'] } })).toEqual(['up', 'up', 'up']);
    expect(statuses({ group: { state: 'joining', missingTopics: ['orders'] } })).toEqual(['up', 'up', 'up']);
  });

  it('is degraded, or down, when it is too far behind', () => {
    expect(statuses({}, { maxLag: 4 })).toEqual(['up', 'up', 'up']);
    expect(statuses({}, { maxLag: 3 })).toEqual(['up', 'degraded', 'up']);
    expect(statuses({}, { maxLag: 3, lagStatus: 'down' })).toEqual(['up', 'down', 'up']);
    expect(statuses({}, { maxLag: 3, listeners: { 'Orders.onOrder': { maxLag: 5 } } })).toEqual(['up', 'up', 'up']);
  });
});

describe('the details of a listener', () => {
  it('name its partitions, its lag and its oldest record', () => {
    const second = { ...PARTITION, partition: 3, lag: 10, oldestInFlightMs: 500, watermark: '77', isPaused: true };
    const { group, listener } = stateOf({ listener: { partitions: [PARTITION, second] } });
    expect(listenerDetails(listener, group)).toMatchObject({
      assignment: { orders: [0, 3] },
      lag: 14,
      oldestInFlight: { topic: 'orders', partition: 3, offset: '77', ageMs: 500 },
      pausedPartitions: 1,
      isStandby: true,
      group: { state: 'stable', memberId: 'm' },
    });
  });

  it('hold no lag that is not known', () => {
    const { group, listener } = stateOf({ partition: { lag: null, inFlight: 0 } });
    expect(listenerDetails(listener, group)).toMatchObject({ lag: null, oldestInFlight: null });
  });
});
