import { describe, expect, it } from '@jest/globals';
import type { TopicMetadata } from '../../../wire/cluster-metadata.js';
import { ConsumerMetadata, type MetadataChange } from './consumer-metadata.js';

const BROKERS = [{ nodeId: 1, host: 'h', port: 1, rack: null }];

interface Told {
  readonly partitions?: readonly (readonly [leaderId: number, leaderEpoch: number])[];
  readonly errorCode?: number;
  readonly topicId?: string;
  readonly isInternal?: boolean;
}

function topic(
  name: string,
  { partitions = [[1, 0]], errorCode = 0, topicId, isInternal = false }: Told = {},
): TopicMetadata {
  return {
    name,
    errorCode,
    isInternal,
    topicId: topicId ?? null,
    partitions: (errorCode === 0 ? partitions : []).map(([leaderId, leaderEpoch], partition) => ({
      partition,
      leaderId,
      leaderEpoch,
      replicas: [],
      isr: [],
      offlineReplicas: [],
      errorCode: leaderId < 0 ? 5 : 0,
    })),
  };
}

function tell(metadata: ConsumerMetadata, ...topics: TopicMetadata[]): MetadataChange {
  const response = { throttleTimeMs: 0, brokers: BROKERS, clusterId: null, controllerId: 1, topics };
  return metadata.update(response, metadata.topicsToAsk, 1);
}

function subscribed(...topics: readonly (string | RegExp)[]): ConsumerMetadata {
  const metadata = new ConsumerMetadata();
  metadata.subscribe(topics);
  return metadata;
}

describe('ConsumerMetadata', () => {
  it('asks for the topics that were named, and for all when there is an expression', () => {
    expect(subscribed('a', 'b', 'a').topicsToAsk).toEqual(['a', 'b']);
    expect(subscribed('a', /b/).topicsToAsk).toBeNull();
    const leader = subscribed('a');
    leader.followGroupTopics(['b', 'a']);
    expect(leader.topicsToAsk).toEqual(['a', 'b']);
    expect(leader.subscription).toEqual(['a']);
  });

  it('tells of new topics, partitions and leaders, and of nothing when all is as before', () => {
    const metadata = subscribed('a');
    expect(tell(metadata, topic('a'))).toEqual({ leaders: true, topics: true, isIncomplete: false });
    expect(tell(metadata, topic('a'))).toEqual({ leaders: false, topics: false, isIncomplete: false });
    expect(tell(metadata, topic('a', { partitions: [[2, 1]] }))).toMatchObject({ leaders: true, topics: false });
    const more = topic('a', {
      partitions: [
        [2, 1],
        [1, 0],
      ],
    });
    expect(tell(metadata, more)).toMatchObject({ leaders: true, topics: true });
    expect(metadata.partitionCount('a')).toBe(2);
  });

  it('matches expressions against all topics but internal ones', () => {
    const metadata = subscribed('named', /^orders|^__/gy);
    tell(metadata, topic('orders-a'), topic('orders-b'), topic('other'), topic('__offsets', { isInternal: true }));
    expect(metadata.subscription).toEqual(['named', 'orders-a', 'orders-b']);
    expect(metadata.partitionCount('other')).toBe(0);
    expect(tell(metadata, topic('orders-a'), topic('orders-b'), topic('orders-c')).topics).toBe(true);
  });

  it('does not go back to an older leader because a broker lags behind', () => {
    const metadata = subscribed('a');
    tell(metadata, topic('a', { partitions: [[2, 5]] }));
    expect(tell(metadata, topic('a', { partitions: [[1, 4]] })).leaders).toBe(false);
    expect(metadata.leader('a', 0)).toEqual({ leaderId: 2, leaderEpoch: 5 });
    expect(metadata.updateLeader('a', 0, { leaderId: 1, leaderEpoch: 5 })).toBe(false);
    expect(metadata.updateLeader('a', 0, { leaderId: 1, leaderEpoch: 6 })).toBe(true);
    expect(metadata.leader('a', 0)?.leaderId).toBe(1);
    // Made again, it counts from 0 again.
    tell(metadata, topic('a', { partitions: [[1, 6]], topicId: 'x' }));
    expect(tell(metadata, topic('a', { partitions: [[3, 0]], topicId: 'y' }))).toMatchObject({
      leaders: true,
      topics: true,
    });
    expect(metadata.leader('a', 0)).toEqual({ leaderId: 3, leaderEpoch: 0 });
  });

  it('takes a topic for deleted only when it is absent twice in a row', () => {
    for (const absent of [[], [topic('a', { errorCode: 3 })]]) {
      const metadata = subscribed('a');
      tell(metadata, topic('a'));
      expect(tell(metadata, ...absent)).toEqual({ leaders: false, topics: false, isIncomplete: true });
      tell(metadata, topic('a'));
      tell(metadata, ...absent);
      expect(metadata.partitionCount('a')).toBe(1);
      expect(tell(metadata, ...absent).topics).toBe(true);
      expect(metadata.partitionCount('a')).toBe(0);
    }
  });

  it('wants another answer while a topic or a leader is missing', () => {
    const metadata = subscribed('a');
    expect(tell(metadata, topic('a', { errorCode: 3 })).isIncomplete).toBe(true);
    expect(tell(metadata, topic('a', { partitions: [[-1, 0]] })).isIncomplete).toBe(true);
    expect(metadata.leader('a', 0)).toBeNull();
    expect(tell(metadata, topic('a')).isIncomplete).toBe(false);
  });

  it('says why a topic may not be read, for those that were named', () => {
    const metadata = subscribed('a', /z/);
    tell(metadata, topic('a', { errorCode: 29 }), topic('z', { errorCode: 29 }));
    expect(metadata.refusal).toMatchObject({ code: 29, topic: 'a' });
    tell(metadata, topic('a'));
    expect(metadata.refusal).toBeNull();
  });

  describe('counts as late what was added', () => {
    it('to a topic after it was first asked for', () => {
      const metadata = subscribed('a');
      expect(metadata.isLate('a', 0)).toBe(false);
      tell(metadata, topic('a'));
      expect([metadata.isLate('a', 0), metadata.isLate('a', 1)]).toEqual([false, true]);
    });

    it.each([3, 5])('with a topic that was not there at first (error %i)', (errorCode) => {
      const metadata = subscribed('a');
      tell(metadata, topic('a', { errorCode }));
      tell(metadata, topic('a'));
      expect(metadata.isLate('a', 0)).toBe(true);
    });

    it('with a topic that came to match later, but not with those of a new subscription', () => {
      const metadata = subscribed(/a/);
      tell(metadata, topic('a1'), topic('b1'));
      tell(metadata, topic('a1'), topic('a2'), topic('b1'));
      expect([metadata.isLate('a1', 0), metadata.isLate('a2', 0)]).toEqual([false, true]);
      metadata.subscribe([/a|b/]);
      tell(metadata, topic('a1'), topic('a2'), topic('b1'));
      expect([metadata.isLate('a1', 0), metadata.isLate('a2', 0), metadata.isLate('b1', 0)]).toEqual([
        false,
        true,
        false,
      ]);
    });

    it('with a topic that was deleted and made again', () => {
      const metadata = subscribed('a');
      tell(metadata, topic('a', { topicId: 'x' }));
      tell(metadata, topic('a', { topicId: 'y' }));
      expect(metadata.isLate('a', 0)).toBe(true);
    });
  });
});
