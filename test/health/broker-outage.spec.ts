import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { KafkaListener, KafkaProducer } from 'nestjs-kafka-producer';
import { uniqueGroup, uniqueTopic, waitFor } from '../support/broker.js';
import { useTestCluster } from '../support/use-test-cluster.js';
import { Gate } from './gate.js';
import { type Health, HealthApplication } from './health-application.js';

const BROKERS = [1, 2, 3];

/** Each topic with the settings of a row, and what the failure of one broker costs. */
const TOPICS = {
  safe: { replicationFactor: 3, configs: { 'min.insync.replicas': '2' } },
  'one-copy': { replicationFactor: 3, configs: { 'min.insync.replicas': '1' } },
  unclean: { replicationFactor: 3, configs: { 'min.insync.replicas': '1', 'unclean.leader.election.enable': 'true' } },
  'all-copies': { replicationFactor: 3, configs: { 'min.insync.replicas': '3' } },
  single: { replicationFactor: 1, configs: { 'min.insync.replicas': '1' } },
} as const;

function topicsOf({ details }: Health): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  return details['durability']?.clusters?.['KafkaProducer']?.topics ?? {};
}

describe('three brokers', () => {
  const test = useTestCluster({ brokers: 3 });

  it('whose failure ends readiness never fail liveness, not even that of handlers which wait for them', async () => {
    const { cluster } = test;
    const [topic, output] = [uniqueTopic('in'), uniqueTopic('out')];
    await cluster.createTopic(topic, { partitions: 1 });
    await cluster.createTopic(output, { partitions: 1 });
    const outage = new Gate();
    @Controller()
    class Orders {
      public constructor(private readonly producer: KafkaProducer) {}

      @KafkaListener(topic, { id: 'orders' })
      public async onOrder(@Payload() value: number): Promise<void> {
        await outage.pass();
        await this.producer.send({ topic: output, value });
      }
    }
    await using application = await HealthApplication.start([Orders], {
      client: { brokers: cluster.bootstrapServers() },
      consumer: { groupId: uniqueGroup(), heartbeatIntervalMs: 300, sessionTimeoutMs: 6_000 },
      health: {
        consumer: { maxUnackedAgeMs: 1_500, rebalanceGraceMs: 1_500 },
        producer: { maxOldestRecordAgeMs: 2_000 },
      },
    });
    const producer = application.get(KafkaProducer);
    await application.until('start', 200, 'the group');
    await application.until('ready', 200, 'the application');
    await producer.send({ topic: output, value: 0 });
    // From now on nobody may see it dead.
    const codes: number[] = [];
    const probes = new AbortController();
    const probing = (async (): Promise<void> => {
      while (!probes.signal.aborted) codes.push((await application.check('live')).code);
    })();

    const told = async (...problems: readonly string[]): Promise<boolean> => {
      const { code, details } = await application.check('ready');
      const all = Object.values(details).flatMap((check) => check.problems ?? []);
      return code === 503 && problems.every((problem) => all.some((text) => text.includes(problem)));
    };

    try {
      // Silent, with their connections open.
      for (const node of BROKERS) await cluster.broker(node).pause();
      const sent = producer.send({ topic: output, value: 0 });
      await waitFor(() => told('A record has waited', 'The coordinator of its group has been silent'), {
        limitMs: 30_000,
        what: 'the silence to be told',
      });
      for (const node of BROKERS) await cluster.broker(node).resume();
      await sent;
      await application.until('ready', 200, 'the brokers', 60_000);

      await producer.send({ topic, value: 1 });
      await waitFor(() => outage.entered > 0, { what: 'the handler' });
      await Promise.all(BROKERS.map((node) => cluster.broker(node).kill()));
      // Its record cannot be stored now, and it waits for that.
      outage.open();
      await waitFor(() => told('not connected to any broker', 'orders: '), {
        limitMs: 30_000,
        what: 'the outage to be told',
      });
      await Promise.all(BROKERS.map((node) => cluster.broker(node).restart()));
      await cluster.waitUntilHealthy();
      await application.until('ready', 200, 'the brokers', 60_000);
    } finally {
      probes.abort();
      await probing;
      // Where the test has failed, so that the application can end.
      await Promise.allSettled(BROKERS.map((node) => cluster.broker(node).resume()));
    }
    expect(new Set(codes)).toEqual(new Set([200]));
    expect(codes.length).toBeGreaterThan(100);
  }, 180_000);

  it('that were not there at the start are told of by readiness and startup', async () => {
    await using application = await HealthApplication.start([], {
      client: { brokers: ['127.0.0.1:1'] },
      startTimeoutMs: 0,
    });
    const { details } = await application.until('start', 503, 'the missing broker');
    await waitFor(
      async () => String((await application.check('start')).details['producer']?.problems).includes('127.0.0.1:1'),
      { what: 'the address that was tried' },
    );
    expect(details['producer']?.producers?.['KafkaProducer']).toMatchObject({ state: 'starting', metadataAgeMs: null });
    expect((await application.check('ready')).code).toBe(503);
    expect((await application.check('live')).code).toBe(200);
  });

  it('are told apart by what the failure of one, and of two, would cost, and that is what it costs', async () => {
    const { cluster } = test;
    for (const [name, topic] of Object.entries(TOPICS)) await cluster.createTopic(name, { partitions: 1, ...topic });
    await using application = await HealthApplication.start([], {
      client: { brokers: cluster.bootstrapServers() },
      producer: { metadataMaxAgeMs: 2_000, deliveryTimeoutMs: 3_000, requestTimeoutMs: 2_000 },
    });
    const producer = application.get(KafkaProducer);
    const send = async (topic: string): Promise<boolean> =>
      producer.send({ topic, value: 1 }).then(
        () => true,
        () => false,
      );
    for (const topic of Object.keys(TOPICS)) expect(await send(topic)).toBe(true);
    const reported = async (): Promise<boolean> =>
      Object.values(topicsOf(await application.check('ready'))).every(({ unknown }) => unknown === undefined);
    await waitFor(reported, { what: 'what is known of the topics' });
    const told = topicsOf(await application.check('ready'));
    expect(
      Object.entries(told).map(([topic, { oneBrokerFails, twoBrokersFail }]) => [
        topic,
        oneBrokerFails,
        twoBrokersFail,
      ]),
    ).toEqual([
      ['safe', 'no-loss', 'unavailable'],
      ['one-copy', 'unavailable', 'unavailable'],
      ['unclean', 'acknowledged-records-lost', 'acknowledged-records-lost'],
      ['all-copies', 'unavailable', 'unavailable'],
      ['single', 'unavailable', 'unavailable'],
    ]);

    // The only replica of one topic.
    const victim = await cluster.leaderOf('single', 0);
    await cluster.broker(victim).kill();
    await waitFor(async () => send('safe'), { limitMs: 30_000, what: 'the topic that is to go on' });
    const [allCopies, single] = await Promise.all([send('all-copies'), send('single')]);
    expect({ allCopies, single }).toEqual({ allCopies: false, single: false });
    // One more would be too many now.
    const shrunk = async (): Promise<boolean> => {
      const { inSyncReplicas, oneBrokerFails } = topicsOf(await application.check('ready'))['safe'] ?? {};
      return inSyncReplicas === 2 && oneBrokerFails === 'unavailable';
    };
    await waitFor(shrunk, { limitMs: 20_000, what: 'the replica that is missing' });
    expect((await application.check('live')).code).toBe(200);
  }, 120_000);
});
