import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import {
  type KafkaContext,
  KafkaListener,
  KafkaListenerRegistry,
  KafkaProducer,
  ManualCommitStrategy,
  ProducerFencedError,
} from 'nestjs-kafka-producer';
import { sharedCluster, uniqueGroup, uniqueTopic, waitFor } from '../support/broker.js';
import { Gate } from './gate.js';
import { type Health, HealthApplication } from './health-application.js';

const cluster = sharedCluster();

async function newTopic(partitions = 1): Promise<string> {
  const name = uniqueTopic('health');
  await cluster.createTopic(name, { partitions });
  return name;
}

function gatedListener(topic: string, gate: Gate) {
  @Controller()
  class Orders {
    @KafkaListener(topic, { id: 'orders' })
    public onOrder(): Promise<void> {
      return gate.pass();
    }
  }
  return Orders;
}

describe('a handler that does not come back', () => {
  it('fails liveness until it does', async () => {
    const topic = await newTopic();
    const gate = new Gate();
    const health = { consumer: { maxUnackedAgeMs: 500 } };
    await using application = await HealthApplication.start([gatedListener(topic, gate)], { health });
    await application.until('start', 200, 'the group');
    expect((await application.check('live')).code).toBe(200);
    await application.get(KafkaProducer).send({ topic, value: 1 });

    const { details } = await application.until('live', 503, 'the stuck handler');
    expect(details['consumer']).toMatchObject({
      status: 'down',
      problems: [expect.stringMatching(/^orders: A call of its handler has been going on for \d+ ms/)],
      listeners: {
        orders: {
          status: 'down',
          assignment: { [topic]: [0] },
          oldestInFlight: { topic, partition: 0, offset: '0', ageMs: expect.any(Number) },
        },
      },
    });
    expect(details['producer']?.status).toBe('up');
    gate.open();
    await application.until('live', 200, 'the end of the call');
  });

  it('counts with manual acknowledgement as long as its record is not acknowledged', async () => {
    const topic = await newTopic();
    let acknowledge = (): void => undefined;
    @Controller()
    class Orders {
      @KafkaListener(topic, { commitStrategy: ManualCommitStrategy })
      public onOrder(@Payload() _value: number, @Ctx() context: KafkaContext): void {
        acknowledge = () => context.ack();
      }
    }
    const health = { consumer: { maxUnackedAgeMs: 500 } };
    await using application = await HealthApplication.start([Orders], { health });
    await application.get(KafkaProducer).send({ topic, value: 1 });
    const { details } = await application.until('live', 503, 'the record that is not acknowledged');
    expect(details['consumer']?.problems).toEqual([expect.stringContaining('maxUnackedAgeMs')]);
    acknowledge();
    await application.until('live', 200, 'the acknowledgement');
  });

  it('may be one with a limit of its own', async () => {
    const topic = await newTopic();
    const gate = new Gate();
    const health = { consumer: { maxUnackedAgeMs: 100, listeners: { orders: { maxUnackedAgeMs: 0 } } } };
    await using application = await HealthApplication.start([gatedListener(topic, gate)], { health });
    await application.get(KafkaProducer).send({ topic, value: 1 });
    const oldestCallMs = async (): Promise<number> =>
      Number((await application.check('live')).details['consumer']?.listeners?.['orders']?.['oldestCallMs']);
    await waitFor(async () => (await oldestCallMs()) > 200, { what: 'a call that is older' });
    expect((await application.check('live')).code).toBe(200);
    gate.open();
  });
});

describe('a listener that has failed', () => {
  it('fails liveness, for nobody in this process starts it, and is well again when somebody does', async () => {
    const topic = await newTopic();
    let isBroken = true;
    @Controller()
    class Orders {
      @KafkaListener(topic, { id: 'orders', recovery: { attempts: 1 } })
      public onOrder(): void {
        if (isBroken) throw new RangeError('out of stock');
      }
    }
    await using application = await HealthApplication.start([Orders]);
    await application.get(KafkaProducer).send({ topic, value: 1 });
    const { details } = await application.until('live', 503, 'the failure');
    expect(details['consumer']?.problems).toEqual([
      'orders: It has failed, and nothing starts it again in this process: out of stock',
    ]);
    expect(details['consumer']?.listeners?.['orders']).toMatchObject({ state: 'failed', error: 'out of stock' });
    expect((await application.check('ready')).code).toBe(503);
    isBroken = false;
    await application.get(KafkaListenerRegistry).get('orders').start();
    await application.until('ready', 200, 'the new start');
    expect((await application.check('live')).code).toBe(200);
  });

  it('does not fail liveness where the application starts it by itself, but is not ready', async () => {
    const topic = await newTopic();
    @Controller()
    class Orders {
      @KafkaListener(topic, { recovery: { attempts: 1 } })
      public onOrder(): void {
        throw new RangeError('out of stock');
      }
    }
    const health = { consumer: { restartsFailedListeners: true } };
    await using application = await HealthApplication.start([Orders], { health });
    await application.get(KafkaProducer).send({ topic, value: 1 });
    await application.until('ready', 503, 'the failure');
    expect((await application.check('live')).code).toBe(200);
  });
});

describe('a group', () => {
  it('that rebalances is not ready after its grace, and alive all the time; who joins meanwhile has not started', async () => {
    const topic = await newTopic(2);
    const gate = new Gate();
    const consumer = { groupId: uniqueGroup(), heartbeatIntervalMs: 200, drainTimeoutMs: 20_000 };
    const health = { consumer: { rebalanceGraceMs: 1_000, maxUnackedAgeMs: 200 } };
    await using first = await HealthApplication.start([gatedListener(topic, gate)], { consumer, health });
    await first.until('start', 200, 'the first member');
    await first.get(KafkaProducer).send({ topic, partition: 0, value: 1 });
    await waitFor(() => gate.entered === 1, { what: 'the handler' });
    // Its join has to wait for the handler of the first one.
    await using second = await HealthApplication.start([gatedListener(topic, new Gate())], { consumer, health });

    const problems = async (): Promise<string> => String((await first.check('ready')).details['consumer']?.problems);
    await waitFor(async () => (await problems()).includes('has been rebalancing for'), {
      what: 'the end of the grace',
    });
    expect((await first.check('ready')).code).toBe(503);
    expect((await first.check('live')).code).toBe(200);
    const start = await second.check('start');
    expect([start.code, start.details['consumer']?.problems]).toEqual([
      503,
      ['orders: It has not joined its group yet.'],
    ]);
    expect((await second.check('ready')).code).toBe(503);
    expect((await second.check('live')).code).toBe(200);

    gate.open();
    await Promise.all([first.until('ready', 200, 'the first'), second.until('ready', 200, 'the second')]);
    expect((await second.check('start')).code).toBe(200);
    const assignment = (await second.check('ready')).details['consumer']?.listeners?.['orders']?.['assignment'];
    expect(assignment).toEqual({ [topic]: [expect.any(Number)] });
  });

  it('with more members than partitions is ready, and says who stands by', async () => {
    const topic = await newTopic();
    const consumer = { groupId: uniqueGroup(), heartbeatIntervalMs: 200 };
    await using one = await HealthApplication.start([gatedListener(topic, new Gate())], { consumer });
    await using other = await HealthApplication.start([gatedListener(topic, new Gate())], { consumer });
    const members = (): Promise<Health[]> => Promise.all([one.check('ready'), other.check('ready')]);
    const standbys = async (): Promise<number> =>
      (await members()).filter(({ details }) => details['consumer']?.listeners?.['orders']?.['isStandby']).length;
    await waitFor(async () => (await standbys()) === 1, { what: 'one that stands by' });
    expect((await members()).map(({ code }) => code)).toEqual([200, 200]);
  });

  it('that is too far behind is degraded', async () => {
    const topic = await newTopic();
    const health = { consumer: { maxLag: 5 } };
    const gate = new Gate();
    await using application = await HealthApplication.start([gatedListener(topic, gate)], { health });
    const values = Array.from({ length: 10 }, (_, value) => ({ topic, value }));
    await application.get(KafkaProducer).sendAll(values);
    const warnings = async (): Promise<string> =>
      String((await application.check('ready')).details['consumer']?.warnings);
    await waitFor(async () => (await warnings()).includes('10 records behind'), { what: 'the lag' });
    const { code, details, status } = await application.check('ready');
    expect([code, status]).toEqual([200, 'degraded']);
    expect(details['consumer']?.warnings).toEqual(['orders: It is 10 records behind, more than maxLag (5).']);
    expect(details['consumer']?.listeners?.['orders']).toMatchObject({ status: 'degraded', lag: 10 });
    gate.open();
    await waitFor(async () => (await warnings()) === 'undefined', { what: 'the end of the lag' });
  });
});

describe('a producer', () => {
  it('whose transactional ids were taken over fails liveness', async () => {
    const topic = await newTopic();
    const transactions = { transactionalIdPrefix: uniqueTopic('taken-'), poolSize: 1 };
    const send = ({ app }: HealthApplication): Promise<unknown> => {
      const producer = app.get(KafkaProducer);
      return producer.transaction(() => producer.send({ topic, value: 1 }));
    };
    await using old = await HealthApplication.start([], { transactions });
    await send(old);
    expect((await old.check('live')).code).toBe(200);
    await using successor = await HealthApplication.start([], { transactions });
    await send(successor);
    await expect(send(old)).rejects.toBeInstanceOf(ProducerFencedError);

    const { code, details } = await old.check('live');
    expect(code).toBe(503);
    expect(details['producer']).toMatchObject({
      problems: [expect.stringContaining('transactionalIdPrefix')],
      producers: { KafkaProducer: { transactions: { poolSize: 1, fenced: true } } },
    });
    expect((await old.check('ready')).code).toBe(503);
    expect((await successor.check('ready')).code).toBe(200);
  });

  it('is not started before the topics that the options name are there', async () => {
    const topic = uniqueTopic('later');
    await using application = await HealthApplication.start([], { health: { producer: { topics: [topic] } } });
    const problem = async (): Promise<string> =>
      String((await application.check('start')).details['producer']?.problems);
    await waitFor(async () => (await problem()).includes(`The topic '${topic}' does not exist`), {
      what: 'the look for it',
    });
    expect((await application.check('ready')).code).toBe(200);
    await cluster.createTopic(topic);
    await application.until('start', 200, 'the topic');
  });

  it('sends to a topic with one replica, which is degraded, with what to change', async () => {
    const topic = await newTopic();
    await using application = await HealthApplication.start([]);
    await application.get(KafkaProducer).send({ topic, value: 1 });
    const degraded = async (): Promise<boolean> => (await application.check('ready')).status === 'degraded';
    await waitFor(degraded, { what: 'what is known of the topic' });
    const { code, details } = await application.check('ready');
    expect(code).toBe(200);
    expect(details['durability']).toMatchObject({
      status: 'degraded',
      warnings: [expect.stringMatching(/if one broker fails, .*unavailable.* Give the topic 3 replicas \(it has 1\)/)],
      clusters: {
        KafkaProducer: {
          topics: {
            [topic]: {
              acks: 'all',
              replicationFactor: 1,
              inSyncReplicas: 1,
              minInsyncReplicas: 1,
              uncleanLeaderElection: false,
              oneBrokerFails: 'unavailable',
              twoBrokersFail: 'unavailable',
            },
          },
        },
      },
    });
  });
});
