import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import {
  type KafkaContext,
  KafkaListener,
  KafkaListenerRegistry,
  KafkaProducer,
  type ListenerHandle,
  RawBytes,
  type RecoveryOptions,
  SyncCommitStrategy,
  Transactional,
} from 'nestjs-kafka-producer';
import { sharedCluster, uniqueGroup, uniqueTopic, waitFor } from '../support/broker.js';
import { committedRecords } from '../support/open-transactions.js';
import { GuideApplication } from './guide-application.js';

const cluster = sharedCluster();
const QUICK = { attempts: 3, backoff: { initialMs: 1 } } satisfies RecoveryOptions;

async function newTopic(): Promise<string> {
  const name = uniqueTopic('guide');
  await cluster.createTopic(name, { partitions: 1 });
  return name;
}

async function topicWithDeadLetters(): Promise<string> {
  const name = await newTopic();
  await cluster.createTopic(`${name}-dlt`, { partitions: 1 });
  return name;
}

async function isCommitted(groupId: string, topic: string, offset: string): Promise<boolean> {
  return (await cluster.committedOffsets(groupId, topic))[0]?.offset === offset;
}

/** What a reader of committed records finds in the dead-letter topic. */
async function deadLetters(topic: string): Promise<{ value: string | undefined; headers: Record<string, string> }[]> {
  const stored = await committedRecords(cluster, `${topic}-dlt`);
  return stored.map(({ headers, value }) => ({
    value: value?.toString(),
    headers: Object.fromEntries(headers.map(({ key, value: text }) => [key, text?.toString() ?? ''])),
  }));
}

describe('a dead-letter topic', () => {
  it('takes the record after its attempts, and the partition goes on', async () => {
    const topic = await topicWithDeadLetters();
    const groupId = uniqueGroup();
    const calls: string[] = [];
    @Controller()
    class Orders {
      @KafkaListener(topic, { commitStrategy: SyncCommitStrategy, recovery: { ...QUICK, deadLetter: true } })
      public onOrder(@Payload() value: number, @Ctx() { attempt }: KafkaContext): void {
        calls.push(`${value}#${attempt}`);
        if (value === 2) throw new RangeError('poison');
      }
    }
    await using application = await GuideApplication.start([Orders], { consumer: { groupId } });
    await application.get(KafkaProducer).sendAll([1, 2, 3].map((value) => ({ topic, value })));
    await waitFor(() => isCommitted(groupId, topic, '3'), { what: 'all records to be done' });
    expect(calls).toEqual(['1#1', '2#1', '2#2', '2#3', '3#1']);
    expect(await deadLetters(topic)).toMatchObject([
      {
        value: '2',
        headers: {
          'dlt-original-topic': topic,
          'dlt-original-offset': '1',
          'dlt-consumer-group': groupId,
          'dlt-listener': 'Orders.onOrder',
          'dlt-error-class': 'RangeError',
          'dlt-error-message': 'poison',
          'dlt-attempts': '3',
        },
      },
    ]);
  });

  it('takes what does not decode at once, byte for byte', async () => {
    const topic = await topicWithDeadLetters();
    const groupId = uniqueGroup();
    const values: unknown[] = [];
    @Controller()
    class Orders {
      @KafkaListener(topic, { commitStrategy: SyncCommitStrategy, recovery: { ...QUICK, deadLetter: true } })
      public onOrder(@Payload() value: unknown): void {
        values.push(value);
      }
    }
    await using application = await GuideApplication.start([Orders], { consumer: { groupId } });
    const broken = new RawBytes(Buffer.from('{"broken'));
    await application.get(KafkaProducer).sendAll([broken, { id: 1 }].map((value) => ({ topic, value })));
    await waitFor(() => isCommitted(groupId, topic, '2'), { what: 'both records to be done' });
    expect(values).toEqual([{ id: 1 }]);
    expect(await deadLetters(topic)).toMatchObject([
      { value: '{"broken', headers: { 'dlt-error-class': 'UndecodableRecordError', 'dlt-attempts': '1' } },
    ]);
  });

  it('takes the record of a transactional listener with its offset, and nothing that its attempts have sent', async () => {
    const topic = await topicWithDeadLetters();
    const output = await newTopic();
    const groupId = uniqueGroup();
    @Controller()
    class Orders {
      public constructor(private readonly producer: KafkaProducer) {}

      @KafkaListener(topic, { recovery: { ...QUICK, deadLetter: true } })
      @Transactional()
      public async onOrder(@Payload() value: number): Promise<void> {
        await this.producer.send({ topic: output, value });
        if (value === 2) throw new RangeError('poison');
      }
    }
    await using application = await GuideApplication.start([Orders], {
      consumer: { groupId },
      transactions: { transactionalIdPrefix: `${uniqueGroup()}-` },
    });
    await application.get(KafkaProducer).sendAll([1, 2, 3].map((value) => ({ topic, value })));
    await waitFor(() => isCommitted(groupId, topic, '3'), { what: 'all records to be done' });
    expect(await deadLetters(topic)).toMatchObject([{ value: '2', headers: { 'dlt-attempts': '3' } }]);
    const results = await committedRecords(cluster, output);
    expect(results.map(({ value }) => value?.toString())).toEqual(['1', '3']);
  });

  it('takes the one record of a transactional batch that has failed, and the others are committed once', async () => {
    const topic = await topicWithDeadLetters();
    const output = await newTopic();
    const groupId = uniqueGroup();
    @Controller()
    class Orders {
      public constructor(private readonly producer: KafkaProducer) {}

      @KafkaListener(topic, { batch: true, autoStart: false, recovery: { ...QUICK, deadLetter: true } })
      @Transactional()
      public async onOrders(@Payload() values: readonly number[]): Promise<void> {
        await this.producer.sendAll(values.map((value) => ({ topic: output, value })));
        if (values.includes(2)) throw new RangeError('poison');
      }
    }
    await using application = await GuideApplication.start([Orders], {
      consumer: { groupId },
      transactions: { transactionalIdPrefix: `${uniqueGroup()}-` },
    });
    await application.get(KafkaProducer).sendAll([1, 2, 3, 4].map((value) => ({ topic, value })));
    await application.get(KafkaListenerRegistry).get('Orders.onOrders').start();
    await waitFor(() => isCommitted(groupId, topic, '4'), { what: 'all records to be done' });
    expect(await deadLetters(topic)).toMatchObject([{ value: '2' }]);
    const results = await committedRecords(cluster, output);
    expect(results.map(({ value }) => value?.toString())).toEqual(['1', '3', '4']);
  });
});

describe('a listener without dead letters', () => {
  function failing(topic: string, other: string) {
    const state = { isMended: false, handled: [] as number[], others: [] as number[] };
    @Controller()
    class Orders {
      @KafkaListener(topic, { id: 'orders', recovery: QUICK })
      public onOrder(@Payload() value: number): void {
        if (value === 2 && !state.isMended) throw new RangeError('poison');
        state.handled.push(value);
      }

      @KafkaListener(other)
      public onOther(@Payload() value: number): void {
        state.others.push(value);
      }
    }
    return { state, Orders };
  }

  async function stoppedAt2(application: GuideApplication, topic: string): Promise<ListenerHandle> {
    const listener = application.get(KafkaListenerRegistry).get('orders');
    await application.get(KafkaProducer).sendAll([1, 2, 3].map((value) => ({ topic, value })));
    await waitFor(() => listener.status().state === 'failed', { what: 'the listener to stop' });
    return listener;
  }

  it('stops before the record, and goes on with it when it is started again; other listeners go on', async () => {
    const [topic, other] = [await newTopic(), await newTopic()];
    const groupId = uniqueGroup();
    const { Orders, state } = failing(topic, other);
    await using application = await GuideApplication.start([Orders], { consumer: { groupId } });
    const listener = await stoppedAt2(application, topic);
    expect(listener.status().error).toMatchObject({ message: 'poison' });
    expect(state.handled).toEqual([1]);
    expect(await isCommitted(groupId, topic, '1')).toBe(true);
    await application.get(KafkaProducer).send({ topic: other, value: 9 });
    await waitFor(() => state.others.length === 1, { what: 'the other listener to go on' });
    state.isMended = true;
    await listener.start();
    await waitFor(() => state.handled.length === 3, { what: 'the rest' });
    expect(state.handled).toEqual([1, 2, 3]);
    expect(listener.status()).toMatchObject({ state: 'running', error: null });
  });

  it('takes those with it that share its records', async () => {
    const topic = await newTopic();
    @Controller()
    class Orders {
      @KafkaListener(topic, { id: 'orders' })
      public onOrder(): void {
        throw new RangeError('poison');
      }

      @KafkaListener(topic, { id: 'sharer' })
      public onOther(): void {}
    }
    const groupId = uniqueGroup();
    await using application = await GuideApplication.start([Orders], { consumer: { groupId, recovery: QUICK } });
    await application.get(KafkaProducer).send({ topic, value: 1 });
    const sharer = application.get(KafkaListenerRegistry).get('sharer');
    await waitFor(() => sharer.status().state === 'failed', { what: 'the other listener to stop' });
    expect(await isCommitted(groupId, topic, '1')).toBe(false);
  });

  it('may be led past the record', async () => {
    const [topic, other] = [await newTopic(), await newTopic()];
    const { Orders, state } = failing(topic, other);
    await using application = await GuideApplication.start([Orders]);
    const listener = await stoppedAt2(application, topic);
    listener.pause();
    await listener.start();
    await waitFor(() => listener.status().partitions.length === 1, { what: 'its partition' });
    await listener.seek(2n);
    listener.resume();
    await waitFor(() => state.handled.length === 2, { what: 'the rest' });
    expect(state.handled).toEqual([1, 3]);
  });
});
