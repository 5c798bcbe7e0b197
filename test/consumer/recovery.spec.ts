import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, Payload } from '@nestjs/microservices';
import {
  type KafkaContext,
  KafkaListener,
  type KafkaListenerEvent,
  KafkaListenerRegistry,
  KafkaProducer,
  KafkaProducerModule,
  KafkaTransportStrategy,
  SyncCommitStrategy,
  Transactional,
} from 'nestjs-kafka-producer';
import { sharedCluster, uniqueGroup, uniqueTopic, waitFor } from '../support/broker.js';
import { committedRecords } from '../support/open-transactions.js';

const cluster = sharedCluster();
const QUICK = { initialMs: 10, multiplier: 1, jitter: 0 };

let app: INestApplication | null = null;

afterEach(async () => {
  await app?.close();
  app = null;
});

async function topic(partitions = 1): Promise<string> {
  const name = uniqueTopic('recovery');
  await cluster.createTopic(name, { partitions });
  await cluster.createTopic(`${name}-dlt`, { partitions });
  return name;
}

async function start(controller: Type, groupId: string): Promise<INestApplication> {
  app = await NestFactory.create(
    {
      module: class Root {},
      controllers: [controller],
      imports: [
        KafkaProducerModule.forRoot({
          client: { brokers: cluster.bootstrapServers() },
          producer: { lingerMs: 0 },
          transactions: { transactionalIdPrefix: `${groupId}-` },
          consumer: { groupId, autoOffsetReset: 'earliest' },
        }),
      ],
    },
    { logger: false, abortOnError: false },
  );
  app.connectMicroservice({ strategy: app.get(KafkaTransportStrategy) });
  await app.init();
  await app.startAllMicroservices();
  return app;
}

async function committed(groupId: string, name: string): Promise<string> {
  const [first] = await cluster.committedOffsets(groupId, name);
  return first?.offset ?? '';
}

async function deadLetters(name: string): Promise<{ value: string; headers: Record<string, string> }[]> {
  const records = await committedRecords(cluster, `${name}-dlt`);
  return records.map(({ headers, value }) => ({
    value: String(value),
    headers: Object.fromEntries(headers.map((header) => [header.key, String(header.value)])),
  }));
}

describe('a record whose handler keeps failing', () => {
  it('goes to the dead-letter topic after its attempts, as does one that does not decode, and the partition goes on', async () => {
    const name = await topic();
    const groupId = uniqueGroup();
    const calls: string[] = [];
    @Controller()
    class Orders {
      @KafkaListener(name, {
        id: 'orders',
        commitStrategy: new SyncCommitStrategy({ per: 'record' }),
        recovery: { attempts: 3, backoff: QUICK, deadLetter: {} },
      })
      public handle(@Payload() { id }: { id: string }, @Ctx() context: KafkaContext): void {
        calls.push(`${id}#${context.attempt}`);
        if (id === 'poison') throw new Error('it is bad');
      }
    }
    const producer = (await start(Orders, groupId)).get(KafkaProducer);
    await producer.send({ topic: name, key: 'k', value: { id: 'a' } });
    await producer.send({ topic: name, key: 'k', value: { id: 'poison' } });
    await producer.send({ topic: name, key: 'k', value: Buffer.from('{ not JSON') });
    await producer.send({ topic: name, key: 'k', value: { id: 'b' } });
    await waitFor(() => calls.includes('b#1'), { what: 'the record behind them' });

    expect(calls).toEqual(['a#1', 'poison#1', 'poison#2', 'poison#3', 'b#1']);
    expect(await deadLetters(name)).toMatchObject([
      {
        value: '{"id":"poison"}',
        headers: {
          'dlt-original-topic': name,
          'dlt-original-offset': '1',
          'dlt-consumer-group': groupId,
          'dlt-listener': 'orders',
          'dlt-error-class': 'Error',
          'dlt-error-message': 'it is bad',
          'dlt-attempts': '3',
        },
      },
      { value: '{ not JSON', headers: { 'dlt-original-offset': '2', 'dlt-attempts': '1' } },
    ]);
    await waitFor(async () => (await committed(groupId, name)) === '4', { what: 'the commit' });
  });

  it('in a transaction leaves nothing of its own behind, and its dead letter comes with its offset', async () => {
    const name = await topic();
    const out = await topic();
    const groupId = uniqueGroup();
    @Controller()
    class Payments {
      public constructor(private readonly producer: KafkaProducer) {}

      @KafkaListener(name, { recovery: { attempts: 2, backoff: QUICK, deadLetter: {} } })
      @Transactional()
      public async handle(@Payload() { id }: { id: string }): Promise<void> {
        await this.producer.send({ topic: out, value: { paid: id } });
        if (id === 'poison') throw new Error('it is bad');
      }
    }
    const producer = (await start(Payments, groupId)).get(KafkaProducer);
    for (const id of ['a', 'poison', 'b']) await producer.send({ topic: name, value: { id } });
    await waitFor(async () => (await committed(groupId, name)) === '3', { what: 'the offsets' });
    const paid = await committedRecords(cluster, out);
    expect(paid.map(({ value }) => String(value))).toEqual(['{"paid":"a"}', '{"paid":"b"}']);
    expect(await deadLetters(name)).toMatchObject([{ value: '{"id":"poison"}', headers: { 'dlt-attempts': '2' } }]);
  });

  it('stops its listener where no dead-letter topic is configured; started again, it goes on from that record', async () => {
    const name = await topic();
    const groupId = uniqueGroup();
    const handled: string[] = [];
    const mended = { is: false };
    @Controller()
    class Orders {
      @KafkaListener(name, { id: 'orders', recovery: { attempts: 2, backoff: QUICK } })
      public handle(@Payload() { id }: { id: string }): void {
        if (id === 'poison' && !mended.is) throw new Error('it is bad');
        handled.push(id);
      }
    }
    const application = await start(Orders, groupId);
    const registry = application.get(KafkaListenerRegistry);
    const events: KafkaListenerEvent['type'][] = [];
    registry.events.subscribe(({ type }) => events.push(type));
    const producer = application.get(KafkaProducer);
    for (const id of ['a', 'poison', 'b']) await producer.send({ topic: name, value: { id } });
    await waitFor(() => registry.get('orders').status().state === 'failed', { what: 'the end of the listener' });
    expect(registry.get('orders').status().error).toMatchObject({ message: 'it is bad' });
    expect(await committed(groupId, name)).toBe('1');
    expect(handled).toEqual(['a']);

    mended.is = true;
    await registry.get('orders').start();
    await waitFor(() => handled.length === 3, { what: 'the rest' });
    expect(handled).toEqual(['a', 'poison', 'b']);
    expect(events).toEqual(expect.arrayContaining(['record-failed', 'stopped', 'started', 'partitions-assigned']));
  });
});

describe('with concurrency by key', () => {
  it('a key that fails holds up its own records only, and the commit stays below it', async () => {
    const name = await topic();
    const groupId = uniqueGroup();
    const handled: string[] = [];
    const mended = { is: false };
    @Controller()
    class Orders {
      @KafkaListener(name, {
        concurrency: { unit: 'key', limit: 4 },
        commitStrategy: new SyncCommitStrategy({ per: 'record' }),
        recovery: { attempts: 1_000, backoff: QUICK },
      })
      public handle(@Payload() { number }: { number: number }, @Ctx() context: KafkaContext): void {
        if (context.getMessage().key?.toString() === 'bad' && !mended.is) throw new Error('it is bad');
        handled.push(`${context.getMessage().key?.toString()}${number}`);
      }
    }
    const producer = (await start(Orders, groupId)).get(KafkaProducer);
    for (let number = 0; number < 3; number++) {
      for (const key of ['good', 'bad', 'fine']) await producer.send({ topic: name, key, value: { number } });
    }
    await waitFor(() => handled.length === 6, { what: 'the keys that are well' });
    expect(handled.filter((text) => text.startsWith('good'))).toEqual(['good0', 'good1', 'good2']);
    await waitFor(async () => (await committed(groupId, name)) === '1', { what: 'the commit below the failing key' });
    mended.is = true;
    await waitFor(() => handled.length === 9, { what: 'the failing key' });
    expect(handled.slice(6)).toEqual(['bad0', 'bad1', 'bad2']);
    await waitFor(async () => (await committed(groupId, name)) === '9', { what: 'the last commit' });
  });
});
