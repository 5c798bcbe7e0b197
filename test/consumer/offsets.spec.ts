import { describe, expect, it } from '@jest/globals';
import { CommitFailedError } from '../../lib/wire/commit-failed-error.js';
import {
  NoOffsetForPartitionError,
  OffsetOutOfRangeError,
} from '../../lib/consumer/internals/offsets/offset-errors.js';
import { sharedCluster, startFaultProxy, uniqueGroup, uniqueTopic, waitFor } from '../support/broker.js';
import { joinGroup } from '../support/group-member.js';
import { TestEngine } from '../support/test-engine.js';
import { TestFetcher, type TestFetcherOptions } from '../support/test-fetcher.js';
import { TestTransactionalEngine } from '../support/test-transactional-engine.js';

const cluster = sharedCluster();

async function newTopic(partitions = 1): Promise<string> {
  const topic = uniqueTopic('offsets');
  await cluster.createTopic(topic, { partitions });
  return topic;
}

/** Stores `count` numbers from `first` on in a partition. */
async function store(topic: string, count: number, first = 0, partition = 0): Promise<void> {
  await using engine = await TestEngine.start({ client: cluster.clientConfig() });
  const values = Array.from({ length: count }, (_, index) => `${first + index}`);
  await Promise.all(values.map((value) => engine.send({ topic, partition, value })));
}

function read(topic: string | RegExp, options: Partial<TestFetcherOptions> = {}): Promise<TestFetcher> {
  return TestFetcher.start({ client: cluster.clientConfig(), topics: [topic], ...options });
}

async function deleteRecords(topic: string, offset: string): Promise<void> {
  const admin = cluster.kafkaJs().admin();
  await admin.connect();
  // Loads the metadata that it does not ask for by itself.
  await admin.fetchTopicOffsets(topic);
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset }] });
  await admin.disconnect();
}

async function addPartitions(topic: string, count: number): Promise<void> {
  const admin = cluster.kafkaJs().admin();
  await admin.connect();
  await admin.createPartitions({ topicPartitions: [{ topic, count }] });
  await admin.disconnect();
}

const isPositioned = (fetcher: TestFetcher) => (): boolean =>
  fetcher.fetcher.assigned.every(({ position }) => position >= 0n);

describe('the first position', () => {
  it('is the committed offset', async () => {
    const topic = await newTopic();
    await store(topic, 10);
    const groupId = uniqueGroup();
    {
      await using before = await read(topic, { config: { groupId } });
      await before.commit(topic, 0, 7n);
    }
    await using fetcher = await read(topic, { config: { groupId, autoOffsetReset: 'none' } });
    await waitFor(() => fetcher.records.length === 3, { what: 'the records from there on' });
    expect(fetcher.valuesOf(0)).toEqual(['7', '8', '9']);
    expect(fetcher.fatal).toEqual([]);
  });

  it('is the beginning, also where that is no longer 0', async () => {
    const topic = await newTopic();
    await store(topic, 10);
    await deleteRecords(topic, '4');
    await using fetcher = await read(topic);
    await waitFor(() => fetcher.records.length === 6, { what: 'the records that are left' });
    expect(fetcher.valuesOf(0)[0]).toBe('4');
  });

  it('is the end with latest, committed before anything is read, so that a crash skips nothing', async () => {
    const topic = await newTopic(2);
    await store(topic, 10);
    const config = { groupId: uniqueGroup(), autoOffsetReset: 'latest' } as const;
    {
      await using first = await read(topic, { config });
      await waitFor(isPositioned(first), { what: 'the positions' });
      expect(await first.committed(topic, 0)).toBe(10n);
      expect(await first.committed(topic, 1)).toBe(0n);
      expect(first.records).toEqual([]);
    }
    await store(topic, 3, 10);
    await store(topic, 1, 100, 1);
    await using second = await read(topic, { config });
    await waitFor(() => second.records.length === 4, { what: 'what came meanwhile' });
    expect(second.valuesOf(0)).toEqual(['10', '11', '12']);
    expect(second.valuesOf(1)).toEqual(['100']);
  });

  it('is the beginning for partitions that were added meanwhile, even with latest', async () => {
    const topic = await newTopic(1);
    await store(topic, 5);
    await using fetcher = await read(topic, { config: { autoOffsetReset: 'latest' } });
    await waitFor(isPositioned(fetcher), { what: 'the position' });
    const changes = fetcher.topicChanges;
    await addPartitions(topic, 2);
    await waitFor(
      () => {
        fetcher.updater.request();
        return fetcher.metadata.partitionCount(topic) === 2;
      },
      { what: 'the new partition' },
    );
    expect(fetcher.topicChanges).toBe(changes + 1);
    await store(topic, 4, 0, 1);
    fetcher.assign(topic, [1]);
    await waitFor(() => fetcher.valuesOf(1).length === 4, { what: 'its records' });
    expect(fetcher.valuesOf(0)).toEqual([]);
  });

  it('is the beginning of a topic that was made later, even with latest', async () => {
    const topic = uniqueTopic('later');
    await using fetcher = await read(topic, { config: { autoOffsetReset: 'latest' } });
    expect(fetcher.fetcher.assigned).toEqual([]);
    await cluster.createTopic(topic, { partitions: 1 });
    await store(topic, 3);
    await waitFor(() => fetcher.metadata.partitionCount(topic) === 1, { what: 'the topic' });
    fetcher.assignAll();
    await waitFor(() => fetcher.records.length === 3, { what: 'its records' });
  });

  it('has to be committed with none', async () => {
    const topic = await newTopic();
    await using fetcher = await read(topic, { config: { autoOffsetReset: 'none' } });
    await waitFor(() => fetcher.fatal.length > 0, { what: 'the error' });
    expect(fetcher.fatal).toEqual([expect.any(NoOffsetForPartitionError)]);
    expect(fetcher.fatal[0]?.message).toContain(`${topic}-0`);
  });

  it('waits for a transaction that is about to replace the committed offset', async () => {
    const topic = await newTopic();
    await store(topic, 10);
    const groupId = uniqueGroup();
    const member = { groupId, generationId: -1, memberId: '', groupInstanceId: null };
    await using engine = await TestTransactionalEngine.start({
      client: cluster.clientConfig(),
      transactionalId: uniqueTopic('id'),
    });
    engine.beginTransaction();
    await engine.sendOffsetsToTransaction([{ topic, partition: 0, offset: '6' }], member);
    await using fetcher = await read(topic, { config: { groupId } });
    await waitFor(() => fetcher.troubles.length > 0, { what: 'the trouble' });
    expect(fetcher.troubles[0]?.message).toMatch(/waits for the end of a transaction/);
    expect(fetcher.partition(0).position).toBe(-1n);
    await engine.commitTransaction();
    await waitFor(() => fetcher.records.length === 4, { what: 'the records from there on' });
    expect(fetcher.valuesOf(0)[0]).toBe('6');
    expect(fetcher.troubles.at(-1)).toBeNull();
  });
});

describe('an offset that is not in the log', () => {
  const beyond = async (topic: string, offset: bigint): Promise<string> => {
    const groupId = uniqueGroup();
    await using before = await read(topic, { config: { groupId } });
    await before.commit(topic, 0, offset);
    return groupId;
  };

  it('ends the reading with none', async () => {
    const topic = await newTopic();
    await store(topic, 10);
    const groupId = await beyond(topic, 1_000n);
    await using fetcher = await read(topic, { config: { groupId, autoOffsetReset: 'none' } });
    await waitFor(() => fetcher.fatal.length > 0, { what: 'the error' });
    expect(fetcher.fatal).toEqual([expect.any(OffsetOutOfRangeError)]);
    expect(fetcher.fatal[0]?.message).toContain('1000, is not in the log, which reaches from 0 to 10');
    expect(fetcher.records).toEqual([]);
  });

  it('leads to the beginning with earliest, and is told', async () => {
    const topic = await newTopic();
    await store(topic, 10);
    const groupId = await beyond(topic, 2n);
    await deleteRecords(topic, '5');
    await using fetcher = await read(topic, { config: { groupId } });
    await waitFor(() => fetcher.records.length === 5, { what: 'the records that are left' });
    expect(fetcher.log.lines.filter((line) => line.startsWith('warn'))).toEqual([
      expect.stringMatching(/2, is not in the log, which reaches from 5 to 10. Reading goes on at 5/),
    ]);
  });

  it('leads to the end with latest, which is committed', async () => {
    const topic = await newTopic();
    await store(topic, 10);
    const groupId = await beyond(topic, 1_000n);
    await using fetcher = await read(topic, { config: { groupId, autoOffsetReset: 'latest' } });
    await waitFor(() => fetcher.partition(0).position === 10n, { what: 'the position' });
    expect(await fetcher.committed(topic, 0)).toBe(10n);
    await store(topic, 1, 10);
    await waitFor(() => fetcher.records.length === 1, { what: 'the next record' });
  });
});

describe('seek', () => {
  it('goes to an offset, to the beginning and to the end', async () => {
    const topic = await newTopic();
    await store(topic, 10);
    await using fetcher = await read(topic);
    const partition = fetcher.partition(0);
    await waitFor(() => fetcher.records.length === 10, { what: 'all records' });
    partition.seek(8n);
    expect(partition.position).toBe(8n);
    await waitFor(() => fetcher.records.length === 12, { what: 'the last two' });
    partition.seek('earliest');
    expect(partition.position).toBe(-1n);
    await waitFor(() => fetcher.records.length === 22, { what: 'all of them again' });
    partition.seek(0n);
    partition.seek('latest');
    await waitFor(() => partition.position === 10n, { what: 'the end' });
    await store(topic, 1, 10);
    await waitFor(() => fetcher.valuesOf(0).at(-1) === '10', { what: 'the new one' });
    expect(fetcher.records.length).toBe(23);
  });

  it('finds the first record of a time', async () => {
    const topic = await newTopic();
    const [early, late] = [1_700_000_000_000, 1_700_000_060_000];
    await using engine = await TestEngine.start({ client: cluster.clientConfig() });
    await engine.send({ topic, value: 'a', timestamp: early });
    await engine.send({ topic, value: 'b', timestamp: late });
    await using fetcher = await read(topic);
    const at = (timestamp: number): Promise<bigint> =>
      fetcher.leaderOffsets.forTime({ topic, partition: 0 }, timestamp, fetcher.deadline());
    expect(await Promise.all([at(0), at(early), at(early + 1), at(late), at(late + 1)])).toEqual([0n, 0n, 1n, 1n, 2n]);
  });
});

describe('a commit', () => {
  it('is taken from the member that has the partition, and from nobody else', async () => {
    const topic = await newTopic();
    const groupId = uniqueGroup();
    await using member = await joinGroup(cluster, topic, groupId);
    await using fetcher = await read(topic, { config: { groupId } });
    const offsets = [{ topic, partition: 0, offset: 3n, leaderEpoch: -1 }];
    const commitAs = (generationId: number, memberId: string): Promise<void> =>
      fetcher.groupOffsets.commit(
        offsets,
        { groupId, generationId, memberId, groupInstanceId: null },
        fetcher.deadline(),
      );
    const { generationId, memberId } = member;
    await expect(commitAs(generationId + 1, memberId)).rejects.toThrow(CommitFailedError);
    await expect(commitAs(generationId, 'somebody-else')).rejects.toThrow(CommitFailedError);
    expect(await fetcher.committed(topic, 0)).toBe(-1n);
    await commitAs(generationId, memberId);
    expect(await fetcher.committed(topic, 0)).toBe(3n);
  });

  it('is repeated when its answer is lost', async () => {
    const topic = await newTopic();
    await using fault = await startFaultProxy();
    await using fetcher = await read(topic, { client: { brokers: fault.bootstrapServers } });
    const rules = (['request', 'response'] as const).map((phase) =>
      fault.proxy.on({ api: 'OffsetCommit', phase, action: 'reset' }),
    );
    await fetcher.commit(topic, 0, 5n);
    expect(rules.map(({ count }) => count)).toEqual([1, 1]);
    expect(await fetcher.committed(topic, 0)).toBe(5n);
  });

  it('of nothing costs no request', async () => {
    const topic = await newTopic();
    await using fetcher = await read(topic);
    const nobody = { groupId: 'none', generationId: 7, memberId: 'nobody', groupInstanceId: null };
    await fetcher.groupOffsets.commit([], nobody, fetcher.deadline());
    expect(await fetcher.groupOffsets.lookUp([], fetcher.deadline())).toEqual([]);
  });
});

describe('a subscription to an expression', () => {
  it('reads the topics that match, tells when another one comes, and never internal ones', async () => {
    const prefix = uniqueTopic('match');
    await cluster.createTopic(`${prefix}-a`, { partitions: 1 });
    await cluster.createTopic(`other-${prefix}`, { partitions: 1 });
    // Global expressions remember where they were; this must not matter.
    await using fetcher = await read(new RegExp(`^(${prefix}|__consumer)`, 'g'));
    await fetcher.commit(`${prefix}-a`, 0, 0n);
    expect(fetcher.metadata.subscription).toEqual([`${prefix}-a`]);
    const changes = fetcher.topicChanges;
    await cluster.createTopic(`${prefix}-b`, { partitions: 2 });
    await waitFor(
      () => {
        fetcher.updater.request();
        return fetcher.topicChanges > changes;
      },
      { what: 'the new topic' },
    );
    expect(fetcher.metadata.subscription).toEqual([`${prefix}-a`, `${prefix}-b`]);
    expect(await fetcher.updater.partitionCounts([`${prefix}-b`, `other-${prefix}`], fetcher.deadline())).toEqual(
      new Map([
        [`${prefix}-b`, 2],
        [`other-${prefix}`, 1],
      ]),
    );
  });
});
