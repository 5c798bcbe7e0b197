import { describe, expect, it } from '@jest/globals';
import { Controller, Injectable } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import {
  AutoCommitStrategy,
  type CommitSession,
  type CommitStrategy,
  type KafkaContext,
  KafkaListener,
  KafkaListenerRegistry,
  KafkaProducer,
  type ListenerOffsets,
  ManualCommitStrategy,
} from 'nestjs-kafka-producer';
import { sharedCluster, uniqueGroup, uniqueTopic, waitFor } from '../support/broker.js';
import { GuideApplication } from './guide-application.js';

const cluster = sharedCluster();

async function newTopic(): Promise<string> {
  const name = uniqueTopic('guide');
  await cluster.createTopic(name, { partitions: 1 });
  return name;
}

async function committed(groupId: string, topic: string): Promise<string | undefined> {
  return (await cluster.committedOffsets(groupId, topic))[0]?.offset;
}

describe('a commit strategy of the user', () => {
  it('is made by the injector, is told of each record, and holds back the next one', async () => {
    const topic = await newTopic();
    const groupId = uniqueGroup();
    const log: string[] = [];
    @Injectable()
    class Log {
      public readonly lines = log;
    }
    @Injectable()
    class Logging implements CommitStrategy {
      public constructor(private readonly log: Log) {}

      public start(offsets: ListenerOffsets): CommitSession {
        return {
          afterRecord: async () => {
            await offsets.commitSync();
            this.log.lines.push(`committed ${await committed(groupId, topic)}`);
          },
        };
      }
    }
    @Controller()
    class Orders {
      @KafkaListener(topic)
      public onOrder(@Payload() value: number): void {
        log.push(`handled ${value}`);
      }
    }
    await using application = await GuideApplication.start([Orders], {
      consumer: { groupId, commitStrategy: Logging },
      extraProviders: [Log],
    });
    await application.get(KafkaProducer).sendAll([1, 2].map((value) => ({ topic, value })));
    await waitFor(() => log.length === 4, { what: 'both records' });
    expect(log).toEqual(['handled 1', 'committed 1', 'handled 2', 'committed 2']);
  });

  it('stops the listener by what it throws', async () => {
    const topic = await newTopic();
    const strategy: CommitStrategy = {
      start: () => ({
        afterRecord: () => {
          throw new RangeError('wrong');
        },
      }),
    };
    @Controller()
    class Orders {
      @KafkaListener(topic, { commitStrategy: strategy })
      public onOrder(): void {}
    }
    await using application = await GuideApplication.start([Orders]);
    await application.get(KafkaProducer).send({ topic, value: 1 });
    const [listener] = application.get(KafkaListenerRegistry).listeners();
    await waitFor(() => listener?.status().state === 'failed', { what: 'the listener to stop' });
    expect(listener?.status().error).toMatchObject({ message: 'wrong' });
  });
});

describe('the strategies of the guide', () => {
  it('commit by count and by interval, without more records or a stop', async () => {
    const [byCount, byInterval] = [await newTopic(), await newTopic()];
    const groupId = uniqueGroup();
    @Controller()
    class Orders {
      @KafkaListener(byCount, { commitStrategy: new AutoCommitStrategy({ intervalMs: null, count: 3 }) })
      public count(): void {}

      @KafkaListener(byInterval, { commitStrategy: new AutoCommitStrategy({ intervalMs: 50 }) })
      public wait(): void {}
    }
    await using application = await GuideApplication.start([Orders], { consumer: { groupId } });
    const producer = application.get(KafkaProducer);
    await producer.sendAll([1, 2, 3, 4].map((value) => ({ topic: byCount, value })));
    await producer.send({ topic: byInterval, value: 1 });
    await waitFor(async () => Number(await committed(groupId, byCount)) > 0, { what: 'the count' });
    await waitFor(async () => Number(await committed(groupId, byInterval)) > 0, { what: 'the interval' });
    expect(await committed(groupId, byCount)).toBe('3');
    expect(await committed(groupId, byInterval)).toBe('1');
  });

  it('commit what is acknowledged long after its handler has returned', async () => {
    const topic = await newTopic();
    const groupId = uniqueGroup();
    const waiting: KafkaContext[] = [];
    @Controller()
    class Orders {
      @KafkaListener(topic, { commitStrategy: ManualCommitStrategy })
      public archive(@Ctx() context: KafkaContext): void {
        waiting.push(context);
        if (waiting.length === 3) for (const stored of waiting) stored.ack();
      }
    }
    await using application = await GuideApplication.start([Orders], { consumer: { groupId } });
    const producer = application.get(KafkaProducer);
    await producer.sendAll([1, 2].map((value) => ({ topic, value })));
    await waitFor(() => waiting.length === 2, { what: 'two records' });
    expect(Number(await committed(groupId, topic))).toBeLessThan(1);
    await producer.send({ topic, value: 3 });
    await waitFor(async () => (await committed(groupId, topic)) === '3', { what: 'all three' });
  });
});
