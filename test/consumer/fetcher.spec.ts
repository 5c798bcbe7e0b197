import { describe, expect, it } from '@jest/globals';
import type { AssignedPartition } from '../../lib/consumer/consumer-engine-api.js';
import type { KafkaFrame } from '../../lib/testing/index.js';
import { loadCompressionCodec } from '../../lib/wire/compression/load-compression-codec.js';
import { batchBytes } from '../../lib/wire/spec-support/batch-bytes.js';
import { sharedCluster, startFaultProxy, uniqueTopic, waitFor } from '../support/broker.js';
import { createRandom } from '../support/random.js';
import { TestEngine } from '../support/test-engine.js';
import { atEnd, produceBytes, TestFetcher, type TestFetcherOptions } from '../support/test-fetcher.js';
import { TestTransactionalEngine } from '../support/test-transactional-engine.js';
import { openPartitions } from '../support/open-transactions.js';

const cluster = sharedCluster();

async function newTopic(partitions = 1, configs: Record<string, string> = {}): Promise<string> {
  const topic = uniqueTopic('fetch');
  await cluster.createTopic(topic, { partitions, configs });
  return topic;
}

function read(topic: string, options: Partial<TestFetcherOptions> = {}): Promise<TestFetcher> {
  return TestFetcher.start({ client: cluster.clientConfig(), topics: [topic], ...options });
}

describe('Fetcher', () => {
  it('reads 100 000 records of six partitions once and in order', async () => {
    const topic = await newTopic(6);
    const count = 100_000;
    await using engine = await TestEngine.start({ client: cluster.clientConfig() });
    let last: Promise<unknown> = Promise.resolve();
    for (let index = 0; index < count; index++) {
      last = engine.send({ topic, partition: index % 6, value: `${index}` });
      if (index % 10_000 === 0) await last;
    }
    await engine.flush();
    const seen = Array.from({ length: 6 }, () => ({ next: 0n, index: -1 }));
    let wrong = 0;
    let total = 0;
    await using fetcher = await read(topic, {
      onRecords: ({ records, partition: { partition } }) => {
        for (const { offset, value } of records) {
          const at = seen[partition];
          const expected = at === undefined || at.index < 0 ? partition : at.index + 6;
          if (at?.next !== offset || Number(value) !== expected) wrong++;
          seen[partition] = { next: offset + 1n, index: Number(value) };
          total++;
        }
      },
    });
    await waitFor(() => total >= count, { limitMs: 20_000, what: 'all records' });
    expect({ wrong, total }).toEqual({ wrong: 0, total: count });
    expect(fetcher.slices.every(({ records }) => records.length <= 1_000)).toBe(true);
    expect(fetcher.partition(0).position).toBe(fetcher.partition(0).endOffset);
    expect(fetcher.fatal).toEqual([]);
    expect(fetcher.troubles).toEqual([]);
  });

  it('reads a topic from which compaction has removed records, up to its end', async () => {
    const topic = await newTopic(1, {
      'cleanup.policy': 'compact',
      'segment.bytes': '1048576',
      'segment.ms': '100',
      'min.cleanable.dirty.ratio': '0.01',
    });
    await using engine = await TestEngine.start({ client: cluster.clientConfig() });
    const send = (index: number): Promise<unknown> => engine.send({ topic, key: `${index % 5}`, value: `${index}` });
    await Promise.all(Array.from({ length: 50 }, (_, index) => send(index)));
    // A segment that is being written to is not compacted: it ends when a record comes that is later than its limit.
    await waitFor(
      async () => {
        await send(50);
        const [first] = await cluster.readTopic(topic);
        return first?.offset !== '0';
      },
      { limitMs: 60_000, what: 'compaction' },
    );
    const before = (await cluster.readTopic(topic)).map(({ offset }) => offset);
    await using fetcher = await read(topic);
    await waitFor(() => atEnd(fetcher), { what: 'the end of the partition' });
    const fetched = fetcher.records.map(({ offset }) => `${offset}`);
    // Compaction goes on meanwhile: what it has left in the end must have been read, and nothing that was not there at first.
    const after = (await cluster.readTopic(topic)).map(({ offset }) => offset);
    expect(fetched.filter((offset) => after.includes(offset))).toEqual(after);
    expect(before.filter((offset) => fetched.includes(offset))).toEqual(fetched);
  }, 90_000);

  it('gives committed transactions only, and gets to the end past aborted ones and markers', async () => {
    const topic = await newTopic(2);
    await using engine = await TestTransactionalEngine.start({
      client: cluster.clientConfig(),
      transactionalId: uniqueTopic('id'),
    });
    const committed: string[] = [];
    for (let number = 0; number < 30; number++) {
      engine.beginTransaction();
      const sent = [0, 1].map((partition) => engine.send({ topic, partition, value: `${number}` }));
      await Promise.all(sent);
      if (number % 3 === 2) {
        await engine.commitTransaction();
        committed.push(`${number}`);
      } else await engine.abortTransaction();
    }
    engine.beginTransaction();
    await engine.send({ topic, partition: 0, value: 'never' });
    await engine.abortTransaction();
    await waitFor(async () => (await openPartitions(cluster, topic)).length === 0, { what: 'the end of transactions' });

    await using fetcher = await read(topic);
    await waitFor(() => atEnd(fetcher), { what: 'the end of the partitions' });
    expect(fetcher.valuesOf(0)).toEqual(committed);
    expect(fetcher.valuesOf(1)).toEqual(committed);
    // What ends with markers and aborted records is told by the offset behind them.
    const last = fetcher.slices.findLast(({ partition: { partition } }) => partition === 0);
    expect(last?.nextOffset).toBe(62n);
    await using all = await read(topic, { config: { isolationLevel: 'read_uncommitted' } });
    await waitFor(() => atEnd(all), { what: 'the end of the partitions' });
    expect(all.records.length).toBe(61);
  });

  it('gives nothing of an open transaction before its end', async () => {
    const topic = await newTopic();
    await using engine = await TestTransactionalEngine.start({
      client: cluster.clientConfig(),
      transactionalId: uniqueTopic('id'),
    });
    await using plain = await TestEngine.start({ client: cluster.clientConfig() });
    engine.beginTransaction();
    await engine.send({ topic, value: 'a' });
    await plain.send({ topic, value: 'b' });
    await using fetcher = await read(topic);
    await waitFor(() => fetcher.partition(0).endOffset >= 0n, { what: 'an answer' });
    expect(fetcher.records).toEqual([]);
    expect(fetcher.partition(0).endOffset).toBe(0n);
    await engine.commitTransaction();
    await waitFor(() => atEnd(fetcher, 3n), { what: 'the end of the partition' });
    expect(fetcher.valuesOf(0)).toEqual(['a', 'b']);
  });

  it.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('reads what was compressed with %s', async (compression) => {
    const topic = await newTopic();
    await using engine = await TestEngine.start({ client: cluster.clientConfig(), producer: { compression } });
    const values = Array.from({ length: 500 }, (_, index) => `${index}-${'x'.repeat(100)}`);
    await Promise.all(values.map((value) => engine.send({ topic, value })));
    await using fetcher = await read(topic);
    await waitFor(() => fetcher.records.length === 500, { what: 'all records' });
    expect(fetcher.valuesOf(0)).toEqual(values);
  });

  it('reads a batch of 200 000 records, in slices', async () => {
    const topic = await newTopic();
    const codec = await loadCompressionCodec('gzip', null);
    const records = Array.from({ length: 200_000 }, (_, index) => ({ value: `${index % 10}` }));
    await using fetcher = await read(topic);
    await produceBytes(fetcher, topic, batchBytes({ baseOffset: 0, codec, records, leaderEpoch: -1 }));
    await waitFor(() => fetcher.partition(0).position === 200_000n, { what: 'all records' });
    let next = 0n;
    let wrong = 0;
    for (const { offset } of fetcher.records) if (offset !== next++) wrong++;
    expect({ next, wrong }).toEqual({ next: 200_000n, wrong: 0 });
    expect(Math.max(...fetcher.slices.map((slice) => slice.records.length))).toBeLessThanOrEqual(1_000);
  });

  it('reads records that are larger than the fetch size', async () => {
    const topic = await newTopic(3);
    await using engine = await TestEngine.start({ client: cluster.clientConfig() });
    const value = 'x'.repeat(100_000);
    const sent = Array.from({ length: 12 }, (_, index) => engine.send({ topic, partition: index % 3, value }));
    await Promise.all(sent);
    await using fetcher = await read(topic, { config: { maxPartitionFetchBytes: 1_000, fetchMaxBytes: 2_000 } });
    await waitFor(() => fetcher.records.length === 12, { what: 'all records' });
    expect(fetcher.troubles).toEqual([]);
  });

  it('hands out nothing of a paused partition, and goes on where it was as soon as it is resumed', async () => {
    const topic = await newTopic(2);
    await using engine = await TestEngine.start({ client: cluster.clientConfig() });
    await Promise.all(
      Array.from({ length: 4_000 }, (_, index) => engine.send({ topic, partition: 0, value: `${index}` })),
    );
    await using fetcher = await read(topic, {
      onRecords: ({ partition }) => {
        partition.pause('handler');
        partition.pause('queue');
      },
    });
    await waitFor(() => fetcher.slices.length === 1, { what: 'the first slice' });
    const first = fetcher.records.length;
    await engine.send({ topic, partition: 1, value: 'other' });
    await waitFor(() => fetcher.valuesOf(1).length === 1, { what: 'the other partition' });
    fetcher.partition(0).resume('queue');
    await engine.send({ topic, partition: 1, value: 'paused, too' });
    await fetcher.groupOffsets.lookUp([{ topic, partition: 0 }], fetcher.deadline());
    expect(fetcher.records.length).toBe(first + 1);

    fetcher.partition(0).resume('handler');
    await waitFor(() => fetcher.records.length > first + 1, { limitMs: 400, what: 'the next slice' });
    expect(fetcher.valuesOf(0)).toEqual(Array.from({ length: fetcher.valuesOf(0).length }, (_, index) => `${index}`));
  });

  it('keeps its promises whatever is paused, resumed, sought and revoked at whatever moment', async () => {
    const random = createRandom();
    const topic = await newTopic(3);
    const count = 3_000;
    await using engine = await TestEngine.start({ client: cluster.clientConfig() });
    const sent = Array.from({ length: count }, (_, index) =>
      engine.send({ topic, partition: index % 3, value: `${Math.floor(index / 3)}` }),
    );
    await Promise.all(sent);
    const expected = new Map<AssignedPartition, bigint | null>();
    const paused = new Map<AssignedPartition, number>();
    const broken: string[] = [];
    await using fetcher = await read(topic, {
      config: { maxPartitionFetchBytes: 4_000 },
      onRecords: ({ partition, records, nextOffset }) => {
        const at = expected.get(partition) ?? null;
        if (!partition.isAssigned) broken.push('handed out after the end');
        if ((paused.get(partition) ?? 0) > 0) broken.push('handed out while paused');
        let next = at;
        for (const { offset, value } of records) {
          if (next !== null && offset !== next) broken.push(`${partition.partition}: ${offset} instead of ${next}`);
          if (String(value) !== String(offset)) broken.push(`${String(value)} at ${offset}`);
          next = offset + 1n;
        }
        if (partition.position !== nextOffset) broken.push(`position ${partition.position}, told ${nextOffset}`);
        expected.set(partition, nextOffset);
        disturb(partition);
      },
    });
    const resume = (partition: AssignedPartition, reason: string): void => {
      paused.set(partition, (paused.get(partition) ?? 1) - 1);
      partition.resume(reason);
    };
    let disturbances = 0;
    const disturb = (partition: AssignedPartition): void => {
      if (disturbances >= 400) return;
      const choice = random.integer(0, 5);
      if (choice === 0) {
        const target = BigInt(random.integer(0, 999));
        expected.set(partition, target);
        partition.seek(target);
      }
      if (choice === 1) {
        const reason = `${disturbances}`;
        paused.set(partition, (paused.get(partition) ?? 0) + 1);
        partition.pause(reason);
        setTimeout(() => resume(partition, reason), random.integer(0, 20));
      }
      if (choice === 2) {
        fetcher.fetcher.unassign([partition]);
        const [again] = fetcher.assign(topic, [partition.partition]);
        if (again !== undefined) expected.set(again, 0n);
      }
      disturbances++;
    };
    const disturbAtRandom = setInterval(() => {
      const index = random.integer(0, fetcher.fetcher.assigned.length - 1);
      const partition = fetcher.fetcher.assigned[index];
      if (partition !== undefined) disturb(partition);
    }, 3);
    try {
      await waitFor(() => disturbances >= 400 && atEnd(fetcher, 1_000n), { limitMs: 30_000, what: 'the end' });
    } finally {
      clearInterval(disturbAtRandom);
    }
    expect(broken).toEqual([]);
    expect(fetcher.fatal).toEqual([]);
  }, 40_000);

  it('reads on after its connections were lost, again and again', async () => {
    const random = createRandom();
    const topic = await newTopic(3);
    await using engine = await TestEngine.start({ client: cluster.clientConfig() });
    const values = Array.from({ length: 3_000 }, (_, index) => `${index}`);
    await Promise.all(values.map((value, index) => engine.send({ topic, partition: index % 3, value })));
    await using fault = await startFaultProxy();
    for (const phase of ['request', 'response'] as const) {
      const nth = random.integer(1, 4);
      fault.proxy.on({ api: 'Fetch', phase, nth, times: 3, action: 'reset' });
    }
    await using fetcher = await read(topic, {
      client: { brokers: fault.bootstrapServers },
      config: { maxPartitionFetchBytes: 2_000 },
    });
    await waitFor(() => fetcher.records.length >= 3_000, { limitMs: 20_000, what: 'all records' });
    for (const partition of [0, 1, 2]) {
      expect(fetcher.valuesOf(partition)).toEqual(values.filter((_, index) => index % 3 === partition));
    }
    await waitFor(() => fetcher.troubles.length === 0 || fetcher.troubles.at(-1) === null, {
      what: 'the end of trouble',
    });
  }, 30_000);

  it('does not skip records that arrive damaged, and reads the other partitions meanwhile', async () => {
    const topic = await newTopic(2);
    await using engine = await TestEngine.start({ client: cluster.clientConfig() });
    await engine.send({ topic, partition: 0, value: 'spoilt-on-the-way' });
    await engine.send({ topic, partition: 1, value: 'sound' });
    await using fault = await startFaultProxy();
    const damage = ({ bytes }: KafkaFrame): Buffer => {
      const damaged = Buffer.from(bytes);
      const at = damaged.indexOf('spoilt');
      if (at >= 0) damaged[at] = 'S'.charCodeAt(0);
      return damaged;
    };
    const rule = fault.proxy.on({
      api: 'Fetch',
      phase: 'response',
      times: Number.POSITIVE_INFINITY,
      action: { replaceWith: damage },
    });
    await using fetcher = await read(topic, { client: { brokers: fault.bootstrapServers } });
    await waitFor(() => fetcher.troubles.length > 0, { what: 'the trouble' });
    await waitFor(() => fetcher.valuesOf(1).length === 1, { what: 'the other partition' });
    expect(fetcher.troubles[0]?.message).toMatch(/The batch at offset 0 has checksum/);
    expect(fetcher.valuesOf(0)).toEqual([]);
    rule.remove();
    await waitFor(() => fetcher.valuesOf(0).length === 1, { what: 'the record' });
    expect(fetcher.valuesOf(0)).toEqual(['spoilt-on-the-way']);
    expect(fetcher.troubles.at(-1)).toBeNull();
  });

  it('hands out nothing after it was closed', async () => {
    const topic = await newTopic();
    await using engine = await TestEngine.start({ client: cluster.clientConfig() });
    await Promise.all(Array.from({ length: 5_000 }, (_, index) => engine.send({ topic, value: `${index}` })));
    const closing: Promise<void>[] = [];
    await using fetcher = await read(topic, { onRecords: () => closing.push(fetcher.fetcher.close()) });
    await waitFor(() => closing.length > 0, { what: 'the first slice' });
    await Promise.all(closing);
    await engine.send({ topic, value: 'late' });
    expect(fetcher.slices.length).toBe(1);
    expect(fetcher.fetcher.connectedBrokers).toBe(0);
    expect(fetcher.fatal).toEqual([]);
  });
});
