import type { MetadataResponse, PartitionMetadata, TopicMetadata } from '../../wire/cluster-metadata.js';
import { ErrorCode } from '../../wire/error-codes.js';
import { ProducerMetadata } from './producer-metadata.js';

const NOW = 1_700_000_000_000;
const MAX_IDLE_MS = 300_000;

function partition(index: number, leaderId: number, leaderEpoch = 0): PartitionMetadata {
  return { partition: index, leaderId, leaderEpoch, replicas: [1, 2], isr: [1], offlineReplicas: [2], errorCode: 0 };
}

function topic(
  name: string,
  partitions: readonly PartitionMetadata[],
  changes: Partial<TopicMetadata> = {},
): TopicMetadata {
  return { name, errorCode: 0, isInternal: false, topicId: null, partitions, ...changes };
}

function response(...topics: readonly TopicMetadata[]): MetadataResponse {
  return { throttleTimeMs: 0, brokers: [], clusterId: null, controllerId: -1, topics };
}

function metadataWith(...topics: readonly TopicMetadata[]): ProducerMetadata {
  const metadata = new ProducerMetadata(MAX_IDLE_MS);
  metadata.update(response(...topics), NOW);
  return metadata;
}

describe('what is known of a topic', () => {
  it('is nothing before the first answer', () => {
    const metadata = new ProducerMetadata(MAX_IDLE_MS);
    expect([metadata.version, metadata.updatedAt, metadata.topic('t')]).toEqual([0, 0, undefined]);
    expect([metadata.partitionCount('t'), metadata.partitions('t'), metadata.availablePartitions('t')]).toEqual([
      0,
      [],
      [],
    ]);
  });

  it('is its partitions in order, whatever order they came in, and which have a leader', () => {
    const metadata = metadataWith(topic('t', [partition(2, 5), partition(0, 4), partition(1, -1)]));
    const known = metadata.topic('t');
    expect([known?.partitionCount, known?.available]).toEqual([3, [0, 2]]);
    expect([0, 1, 2, 3].map((index) => known?.leaderOf(index))).toEqual([4, -1, 5, -1]);
    expect(metadata.partitions('t')[1]).toEqual({
      topic: 't',
      partition: 1,
      leader: null,
      replicas: [1, 2],
      inSyncReplicas: [1],
      offlineReplicas: [2],
    });
    expect(metadata.availablePartitions('t').map(({ partition: index }) => index)).toEqual([0, 2]);
  });

  it('stays when an answer is nonsense: a gap between partitions, or one twice', () => {
    const metadata = metadataWith(topic('t', [partition(0, 1), partition(1, 1)]));
    metadata.update(response(topic('t', [partition(0, 2), partition(2, 2)])), NOW);
    metadata.update(response(topic('t', [partition(0, 3), partition(0, 3)])), NOW);
    expect(metadata.topic('t')?.leaderOf(0)).toBe(1);
    expect(metadata.partitionCount('t')).toBe(2);
  });

  it('may be named as anything', () => {
    const metadata = metadataWith(topic('__proto__', [partition(0, 1)]), topic('constructor', [partition(0, 2)]));
    expect([metadata.topic('__proto__')?.leaderOf(0), metadata.topic('constructor')?.leaderOf(0)]).toEqual([1, 2]);
    expect(metadata.topic('toString')).toBeUndefined();
  });
});

describe('an update', () => {
  it('tells whether a topic became known or a leader changed, and only then', () => {
    const metadata = new ProducerMetadata(MAX_IDLE_MS);
    expect(metadata.update(response(topic('t', [partition(0, 1)])), NOW)).toBe(true);
    expect(metadata.update(response(topic('t', [partition(0, 1, 1)])), NOW)).toBe(false);
    expect(metadata.update(response(topic('t', [partition(0, 2, 2)])), NOW)).toBe(true);
    expect(metadata.update(response(topic('t', [partition(0, 2, 2), partition(1, 2)])), NOW)).toBe(true);
    expect([metadata.version, metadata.updatedAt]).toEqual([4, NOW]);
  });

  it('of a broker that lags behind does not bring a former leader back', () => {
    const metadata = metadataWith(topic('t', [partition(0, 1, 5), partition(1, 1, 5)]));
    expect(metadata.update(response(topic('t', [partition(0, 2, 6), partition(1, 2, 4)])), NOW)).toBe(true);
    expect([metadata.topic('t')?.leaderOf(0), metadata.topic('t')?.leaderOf(1)]).toEqual([2, 1]);
  });

  it('of a broker that tells no epochs counts', () => {
    const metadata = metadataWith(topic('t', [partition(0, 1, -1)]));
    metadata.update(response(topic('t', [partition(0, 2, -1)])), NOW);
    expect(metadata.topic('t')?.leaderOf(0)).toBe(2);
  });

  it('about a topic that was created again counts, although its epochs begin at 0', () => {
    const metadata = metadataWith(topic('t', [partition(0, 1, 9)], { topicId: 'first' }));
    expect(metadata.update(response(topic('t', [partition(0, 2, 0)], { topicId: 'second' })), NOW)).toBe(true);
    expect(metadata.topic('t')?.leaderOf(0)).toBe(2);
    expect(metadata.updateLeader('t', 0, { leaderId: 3, leaderEpoch: 1 })).toBe(true);
  });
});

describe('a leader named in a Produce answer (KIP-951)', () => {
  it('is taken when its epoch is newer', () => {
    const metadata = metadataWith(topic('t', [partition(0, 1, 5)]));
    expect(metadata.updateLeader('t', 0, { leaderId: 2, leaderEpoch: 6 })).toBe(true);
    expect(metadata.topic('t')?.leaderOf(0)).toBe(2);
    expect(metadata.partitions('t')[0]?.leader).toBe(2);
  });

  it.each<[string, string, number, number, number]>([
    ['an older epoch', 't', 0, 2, 5],
    ['no leader', 't', 0, -1, 9],
    ['a partition that is not there', 't', 7, 2, 9],
    ['a topic that is not known', 'u', 0, 2, 9],
  ])('is not taken with %s', (_, name, index, leaderId, leaderEpoch) => {
    const metadata = metadataWith(topic('t', [partition(0, 1, 5)]));
    expect(metadata.updateLeader(name, index, { leaderId, leaderEpoch })).toBe(false);
    expect(metadata.topic('t')?.leaderOf(0)).toBe(1);
  });

  it('is not undone by metadata of the time before', () => {
    const metadata = metadataWith(topic('t', [partition(0, 1, 5)]));
    metadata.updateLeader('t', 0, { leaderId: 2, leaderEpoch: 6 });
    metadata.update(response(topic('t', [partition(0, 1, 5)])), NOW);
    expect(metadata.topic('t')?.leaderOf(0)).toBe(2);
  });
});

describe('an error for a topic', () => {
  it('that may pass keeps what was known, for the messages and for going on', () => {
    const metadata = metadataWith(topic('t', [partition(0, 1)]));
    metadata.update(response(topic('t', [], { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION })), NOW);
    expect(metadata.topic('t')?.leaderOf(0)).toBe(1);
    expect(metadata.finalError('t')).toBeUndefined();
    expect(metadata.lastError('t')).toMatchObject({ code: 3, topic: 't' });
    metadata.update(response(topic('t', [partition(0, 1)])), NOW);
    expect(metadata.lastError('t')).toBeUndefined();
  });

  it.each([
    ErrorCode.INVALID_TOPIC_EXCEPTION,
    ErrorCode.TOPIC_AUTHORIZATION_FAILED,
    ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
  ])('that stays (%i) makes it unusable, until an answer without it', (errorCode) => {
    const metadata = metadataWith(topic('t', [partition(0, 1)]));
    metadata.update(response(topic('t', [], { errorCode })), NOW);
    expect(metadata.topic('t')).toBeUndefined();
    expect(metadata.finalError('t')).toMatchObject({ code: errorCode });
    metadata.update(response(topic('t', [partition(0, 1)])), NOW);
    expect(metadata.finalError('t')).toBeUndefined();
    expect(metadata.partitionCount('t')).toBe(1);
  });
});

describe('topics to ask for', () => {
  it('are those in use; the first wish is told from later ones', () => {
    const metadata = new ProducerMetadata(MAX_IDLE_MS);
    expect(metadata.topicsToRefresh(NOW)).toEqual([]);
    expect([metadata.want('a', NOW), metadata.want('b', NOW), metadata.want('a', NOW)]).toEqual([true, true, false]);
    expect(metadata.topicsToRefresh(NOW)).toEqual(['a', 'b']);
  });

  it('are forgotten with all that is known of them after metadata.max.idle.ms without use', () => {
    const metadata = metadataWith(topic('used', [partition(0, 1)]), topic('idle', [partition(0, 1)]));
    metadata.want('used', NOW);
    metadata.want('idle', NOW);
    const known = metadata.topic('used');
    if (known !== undefined) known.usedAt = NOW + 200_000;
    expect(metadata.topicsToRefresh(NOW + MAX_IDLE_MS)).toEqual(['used', 'idle']);
    expect(metadata.topicsToRefresh(NOW + MAX_IDLE_MS + 1)).toEqual(['used']);
    expect([metadata.topic('idle'), metadata.topic('used') === known]).toEqual([undefined, true]);
    expect(metadata.want('idle', NOW)).toBe(true);
  });

  it('are not forgotten, nor what is known of them, while records wait for them', () => {
    const awaited = new Set(['known', 'unknown']);
    const metadata = new ProducerMetadata(MAX_IDLE_MS, (name) => awaited.has(name));
    metadata.update(response(topic('known', [partition(0, 1)])), NOW);
    for (const name of awaited) metadata.want(name, NOW);
    const late = NOW + 10 * MAX_IDLE_MS;
    expect(metadata.topicsToRefresh(late)).toEqual(['known', 'unknown']);
    expect(metadata.partitionCount('known')).toBe(1);
    awaited.clear();
    expect(metadata.topicsToRefresh(late)).toEqual([]);
  });
});
