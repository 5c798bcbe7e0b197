import { describe, expect, it } from '@jest/globals';
import { ManualCommitStrategy } from '../../lib/consumer/commit/manual-commit.strategy.js';
import { sharedCluster, uniqueGroup, uniqueTopic, waitFor } from '../support/broker.js';
import { TestEngine } from '../support/test-engine.js';
import { TestListener } from '../support/test-listener.js';

const cluster = sharedCluster();
const client = cluster.clientConfig();

async function newTopic(partitions: number): Promise<string> {
  const topic = uniqueTopic('consumed');
  await cluster.createTopic(topic, { partitions });
  return topic;
}

/** `first` and the following numbers, keyed by themselves. */
async function produce(topic: string, count: number, first = 0): Promise<void> {
  await using engine = await TestEngine.start({ client });
  await Promise.all(
    Array.from({ length: count }, (_, index) => {
      const value = String(first + index);
      return engine.send({ topic, key: value, value });
    }),
  );
}

function valueOf({ value }: { readonly value: Buffer | null }): number {
  return Number(value?.toString());
}

describe('a listener', () => {
  it('handles every record of every partition once, in order, and commits to the end', async () => {
    const topic = await newTopic(4);
    const groupId = uniqueGroup();
    await produce(topic, 5_000);
    const handled: number[][] = [[], [], [], []];
    await using listener = await TestListener.start({
      client,
      groupId,
      topics: [topic],
      handler: ({ records: [record] }) => {
        if (record !== undefined) handled[record.partition]?.push(Number(record.offset));
      },
    });
    await waitFor(() => handled.flat().length === 5_000 && listener.lag === 0, { what: 'all records' });
    for (const offsets of handled) expect(offsets).toEqual(offsets.map((_, index) => index));
    await listener.container.close(5_000);
    const committed = await cluster.committedOffsets(groupId, topic);
    expect(committed).toEqual(handled.map(({ length }, partition) => ({ partition, offset: String(length) })));
  });

  it('shares the partitions with another member, and takes them all when that one leaves; nothing is handled twice', async () => {
    const topic = await newTopic(4);
    const groupId = uniqueGroup();
    const handled: number[] = [];
    const options = {
      client,
      groupId,
      topics: [topic],
      handler: ({ records }: { readonly records: readonly { readonly value: Buffer | null }[] }) => {
        for (const record of records) handled.push(valueOf(record));
      },
    };
    await using first = await TestListener.start(options);
    await waitFor(() => first.partitions.length === 4, { what: 'all partitions' });
    await produce(topic, 500);
    {
      await using second = await TestListener.start(options);
      await waitFor(() => first.partitions.length === 2 && second.partitions.length === 2, { what: 'two each' });
      await produce(topic, 500, 500);
      await waitFor(() => handled.length >= 1_000, { what: 'both to handle all' });
    }
    await waitFor(() => first.partitions.length === 4, { what: 'all partitions again' });
    await produce(topic, 500, 1_000);
    await waitFor(() => handled.length >= 1_500, { what: 'the rest' });
    expect([...handled].sort((left, right) => left - right)).toEqual(
      Array.from({ length: 1_500 }, (_, value) => value),
    );
  });

  it('reads topics that match an expression, also one that is made later', async () => {
    const prefix = uniqueTopic('matched');
    await cluster.createTopic(`${prefix}-a`, { partitions: 1 });
    const topics = new Set<string>();
    await using listener = await TestListener.start({
      client,
      groupId: uniqueGroup(),
      topics: [new RegExp(`^${prefix}`)],
      config: { metadataMaxAgeMs: 300 },
      handler: ({ records: [record] }) => void topics.add(record?.topic ?? ''),
    });
    await produce(`${prefix}-a`, 1);
    await cluster.createTopic(`${prefix}-b`, { partitions: 1 });
    await produce(`${prefix}-b`, 1);
    await waitFor(() => topics.size === 2, { what: 'both topics' });
    expect(listener.log.lines.filter((line) => line.startsWith('error'))).toEqual([]);
  });

  it('repeats what was not acknowledged after a restart, and nothing else', async () => {
    const topic = await newTopic(1);
    const groupId = uniqueGroup();
    await produce(topic, 10);
    const options = { client, groupId, topics: [topic], listener: { commitStrategy: new ManualCommitStrategy() } };
    let seen = 0;
    await using first = await TestListener.start({
      ...options,
      handler: (call) => {
        seen++;
        if (call.records[0]?.offset !== 6n) call.ack();
      },
    });
    await waitFor(() => seen === 10, { what: 'all records' });
    await first.container.close(5_000);
    const again: string[] = [];
    await using second = await TestListener.start({
      ...options,
      handler: (call) => {
        again.push(String(call.records[0]?.offset));
        call.ack();
      },
    });
    await waitFor(() => second.lag === 0 && again.length >= 4, { what: 'the rest' });
    expect(again).toEqual(['6', '7', '8', '9']);
  });

  it('that is closed under load ends what it has begun, commits it, and a restart repeats nothing', async () => {
    const topic = await newTopic(3);
    const groupId = uniqueGroup();
    await produce(topic, 3_000);
    const handled: number[] = [];
    const options = {
      client,
      groupId,
      topics: [topic],
      handler: async ({ records }: { readonly records: readonly { readonly value: Buffer | null }[] }) => {
        await new Promise((resolve) => setImmediate(resolve));
        for (const record of records) handled.push(valueOf(record));
      },
    };
    await using first = await TestListener.start(options);
    await waitFor(() => handled.length > 300, { what: 'some records' });
    await first.container.close(5_000);
    const before = handled.length;
    expect(before).toBeLessThan(3_000);
    await using second = await TestListener.start(options);
    await waitFor(() => second.lag === 0 && handled.length >= 3_000, { what: 'the rest' });
    expect([...handled].sort((left, right) => left - right)).toEqual(
      Array.from({ length: 3_000 }, (_, value) => value),
    );
  });
});
