import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import {
  type KafkaContext,
  KafkaListener,
  type KafkaListenerOptions,
  KafkaListenerRegistry,
  KafkaProducer,
  SyncCommitStrategy,
} from 'nestjs-kafka-producer';
import { sharedCluster, uniqueGroup, uniqueTopic, waitFor } from '../support/broker.js';
import { GuideApplication } from './guide-application.js';

const cluster = sharedCluster();

async function newTopic(): Promise<string> {
  const name = uniqueTopic('guide');
  await cluster.createTopic(name, { partitions: 1 });
  return name;
}

describe('two handlers of one topic in one group', () => {
  it.each<[string, KafkaListenerOptions, string]>([
    ['a recovery each', { recovery: { attempts: 2 } }, 'have a recovery each'],
    ['batches', { batch: true }, 'one of them takes batches'],
  ])(
    'keep the application from starting when they have %s, with an error that names both',
    async (_name, options, difference) => {
      const topic = await newTopic();
      @Controller()
      class Orders {
        @KafkaListener(topic, options)
        public first(): void {}

        @KafkaListener(topic, options)
        public second(): void {}
      }
      const started = GuideApplication.start([Orders]);
      await expect(started).rejects.toThrow('Orders.first, Orders.second');
      await expect(started).rejects.toThrow(difference);
    },
  );

  it('may name the same strategy', async () => {
    const topic = await newTopic();
    @Controller()
    class Orders {
      @KafkaListener(topic, { commitStrategy: SyncCommitStrategy })
      public first(): void {}

      @KafkaListener(topic, { commitStrategy: SyncCommitStrategy })
      public second(): void {}
    }
    await using application = await GuideApplication.start([Orders]);
    const listeners = application.get(KafkaListenerRegistry).listeners();
    expect(listeners.map((listener) => listener.status().error)).toEqual([null, null]);
  });
});

describe('a handler that runs when the application ends', () => {
  it('is told by its signal when its time is over, and its record is handled again by the next owner', async () => {
    const topic = await newTopic();
    const log: string[] = [];
    let isLong = true;
    @Controller()
    class Orders {
      @KafkaListener(topic)
      public async onOrder(@Payload() value: number, @Ctx() { attempt, signal }: KafkaContext): Promise<void> {
        log.push(`${value}#${attempt}`);
        if (!isLong) return;
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        log.push('told');
      }
    }
    const consumer = { groupId: uniqueGroup(), drainTimeoutMs: 100 };
    {
      await using application = await GuideApplication.start([Orders], { consumer });
      await application.get(KafkaProducer).send({ topic, value: 1 });
      await waitFor(() => log.length === 1, { what: 'the handler to begin' });
    }
    isLong = false;
    await using _next = await GuideApplication.start([Orders], { consumer });
    await waitFor(() => log.length >= 3, { what: 'the record to be handled again' });
    expect(log).toEqual(['1#1', 'told', '1#1']);
  });

  it('is not waited for while it pauses before another attempt, and begins with the first one at the next owner', async () => {
    const topic = await newTopic();
    const attempts: number[] = [];
    @Controller()
    class Orders {
      @KafkaListener(topic, { recovery: { backoff: { initialMs: 60_000, maxMs: 60_000 } } })
      public onOrder(@Ctx() { attempt }: KafkaContext): void {
        attempts.push(attempt);
        if (attempts.length === 1) throw new Error('not now');
      }
    }
    const consumer = { groupId: uniqueGroup() };
    const startedAt = performance.now();
    {
      await using application = await GuideApplication.start([Orders], { consumer });
      await application.get(KafkaProducer).send({ topic, value: 1 });
      await waitFor(() => attempts.length === 1, { what: 'the first attempt' });
    }
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    await using _next = await GuideApplication.start([Orders], { consumer });
    await waitFor(() => attempts.length === 2, { what: 'the record to be handled again' });
    expect(attempts).toEqual([1, 1]);
  });
});
