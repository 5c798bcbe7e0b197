import { describe, expect, it } from '@jest/globals';
import { sharedCluster, startFaultProxy, uniqueTopic, waitFor } from '../support/broker.js';
import { DeliveryCheck } from '../support/delivery-check.js';
import { violations } from '../support/delivery-report.js';
import { createRandom } from '../support/random.js';
import { TestEngine } from '../support/test-engine.js';

const LIMIT_MS = 30_000;

describe('a producer and its topics', () => {
  it(
    'delivers records sent before their topic was created, in order',
    async () => {
      const cluster = sharedCluster();
      const topic = uniqueTopic('later');
      await using engine = await TestEngine.start({ client: cluster.clientConfig(), producer: { maxBlockMs: 20_000 } });
      const sends = Array.from({ length: 100 }, (_, n) => engine.send({ topic, value: String(n) }));
      await cluster.createTopic(topic);
      const offsets = (await Promise.all(sends)).map(({ offset }) => Number(offset));
      expect(offsets).toEqual(Array.from({ length: 100 }, (_, n) => n));
    },
    LIMIT_MS,
  );

  it(
    'does not let an unknown topic hold up another one',
    async () => {
      const cluster = sharedCluster();
      const topic = uniqueTopic('known');
      await cluster.createTopic(topic);
      await using engine = await TestEngine.start({ client: cluster.clientConfig(), producer: { maxBlockMs: 1_500 } });
      let isOver = false;
      const unknown = Promise.allSettled([engine.send({ topic: uniqueTopic('unknown'), value: 'v' })]);
      void unknown.then(() => {
        isOver = true;
      });
      await engine.send({ topic, value: 'v' });
      expect(isOver).toBe(false);
      expect((await unknown)[0]).toMatchObject({ status: 'rejected', reason: { name: 'UnknownTopicError' } });
    },
    LIMIT_MS,
  );

  it(
    'sends to partitions that are added while it runs',
    async () => {
      const cluster = sharedCluster();
      const topic = uniqueTopic('growing');
      await cluster.createTopic(topic, { partitions: 2 });
      await using engine = await TestEngine.start({
        client: cluster.clientConfig(),
        producer: { metadataMaxAgeMs: 200, batchSize: 512 },
      });
      const check = new DeliveryCheck({ topic, random: createRandom() });
      const admin = cluster.kafkaJs().admin();
      await admin.connect();
      try {
        await check.underLoad(engine, async () => {
          await admin.createPartitions({ topicPartitions: [{ topic, count: 6 }] });
          await waitFor(async () => (await engine.partitionsFor(topic)).length === 6, { what: 'six partitions' });
          await check.progress(1_000);
        });
      } finally {
        await admin.disconnect();
      }
      const report = await check.verify(cluster);
      const partitions = new Set<number>();
      await cluster.visitTopic(topic, ({ partition }) => partitions.add(partition));
      expect([...partitions].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5]);
      // A key moves with the number of partitions, and its order with it.
      expect(violations(report, { except: ['disordered'] })).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'serves many topics at once, and loses nothing when connections break',
    async () => {
      const cluster = sharedCluster();
      const random = createRandom();
      const topics = Array.from({ length: 12 }, () => uniqueTopic('one-of-many'));
      for (const topic of topics) await cluster.createTopic(topic, { partitions: 3 });
      await using fault = await startFaultProxy();
      const client = { brokers: fault.bootstrapServers };
      await using engine = await TestEngine.start({ client, producer: { retryBackoffMs: 20 } });
      const checks = topics.map((topic) => new DeliveryCheck({ topic, random, rate: 200, callers: 4 }));
      await Promise.all(
        checks.map((check) =>
          check.underLoad(engine, async () => {
            fault.proxy.on({ api: 'Produce', phase: random.pick(['request', 'response']), action: 'reset' });
            await check.progress(100);
          }),
        ),
      );
      for (const check of checks) {
        const report = await check.verify(cluster);
        expect(violations(report)).toEqual([]);
      }
    },
    LIMIT_MS,
  );

  it(
    'sends records of nearly maxRequestSize, one per request',
    async () => {
      const cluster = sharedCluster();
      const topic = uniqueTopic('large');
      await cluster.createTopic(topic, { partitions: 3, configs: { 'max.message.bytes': '2000000' } });
      await using engine = await TestEngine.start({ client: cluster.clientConfig() });
      const largest = 1_048_489;
      const sends = Array.from({ length: 40 }, (_, n) => engine.send({ topic, value: Buffer.alloc(largest, n) }));
      await Promise.all(sends);
      const seen: number[] = [];
      await cluster.visitTopic(topic, ({ value }) => seen.push(value?.length === largest ? (value[0] ?? -1) : -1));
      expect(seen.toSorted((a, b) => a - b)).toEqual(sends.map((_, n) => n));
    },
    LIMIT_MS,
  );

  it(
    'connects again after a connection was idle for connectionsMaxIdleMs',
    async () => {
      const cluster = sharedCluster();
      const topic = uniqueTopic('idle');
      await cluster.createTopic(topic);
      await using fault = await startFaultProxy();
      const client = { brokers: fault.bootstrapServers };
      await using engine = await TestEngine.start({ client, producer: { connectionsMaxIdleMs: 200 } });
      for (let round = 0; round < 3; round++) {
        await engine.send({ topic, value: String(round) });
        await waitFor(() => fault.proxy.connections().length === 0, { what: 'the idle connection to close' });
      }
      const values = (await cluster.readTopic(topic)).map(({ value }) => String(value));
      expect(values).toEqual(['0', '1', '2']);
    },
    LIMIT_MS,
  );

  it(
    'delivers what was sent before start, in order',
    async () => {
      const cluster = sharedCluster();
      const topic = uniqueTopic('early');
      await cluster.createTopic(topic);
      await using engine = new TestEngine({ client: cluster.clientConfig() });
      const sends = ['first', 'second'].map((value) => engine.send({ topic, value }));
      await engine.start();
      sends.push(engine.send({ topic, value: 'third' }));
      expect((await Promise.all(sends)).map(({ offset }) => offset)).toEqual(['0', '1', '2']);
    },
    LIMIT_MS,
  );

  it(
    'starts without a broker if told not to wait, and delivers when one is there',
    async () => {
      const cluster = sharedCluster();
      const topic = uniqueTopic('no-broker');
      await cluster.createTopic(topic);
      await using fault = await startFaultProxy();
      fault.proxy.refuse();
      const client = { brokers: fault.bootstrapServers };
      await using engine = await TestEngine.start({ client, startTimeoutMs: 0 });
      const sends = ['first', 'second'].map((value) => engine.send({ topic, value }));
      await waitFor(() => engine.log.lines.some((line) => line.includes('ECONNREFUSED')), { what: 'an attempt' });
      await fault.proxy.heal();
      expect((await Promise.all(sends)).map(({ offset }) => offset)).toEqual(['0', '1']);
    },
    LIMIT_MS,
  );
});
