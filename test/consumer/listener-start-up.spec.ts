import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, type INestApplication, type OnModuleInit, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientKafka, Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { firstValueFrom, lastValueFrom, type Observable, of, toArray } from 'rxjs';
import { Partitioners } from 'kafkajs';
import {
  BrokerUnavailableError,
  type KafkaContext,
  KafkaListener,
  KafkaListenerRegistry,
  KafkaProducer,
  KafkaProducerModule,
  type KafkaProducerModuleOptions,
  KafkaTransportStrategy,
  SyncCommitStrategy,
  Transactional,
} from 'nestjs-kafka-producer';
import { sharedCluster, uniqueGroup, uniqueTopic, waitFor } from '../support/broker.js';
import { committedRecords } from '../support/open-transactions.js';

const cluster = sharedCluster();
const brokers = cluster.bootstrapServers();

const running: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const part of running.splice(0).reverse()) await part.close();
});

async function topic(partitions = 1): Promise<string> {
  const name = uniqueTopic();
  await cluster.createTopic(name, { partitions });
  return name;
}

interface StartOptions extends Partial<KafkaProducerModuleOptions> {
  readonly first?: 'transport' | 'application';
}

async function start(
  controllers: Type[],
  { first = 'application', ...options }: StartOptions = {},
): Promise<INestApplication> {
  const app = await NestFactory.create(
    {
      module: class Root {},
      controllers,
      imports: [
        KafkaProducerModule.forRoot({
          client: { brokers },
          consumer: { groupId: uniqueGroup(), autoOffsetReset: 'earliest', commitStrategy: SyncCommitStrategy },
          ...options,
        }),
      ],
    },
    { logger: false, abortOnError: false },
  );
  running.push(app);
  app.connectMicroservice({ strategy: app.get(KafkaTransportStrategy) });
  if (first === 'application') await app.init();
  await app.startAllMicroservices();
  if (first === 'transport') await app.init();
  return app;
}

describe('an application with listeners', () => {
  it.each(['transport', 'application'] as const)(
    'handles records once its modules are ready, with the %s started first',
    async (first) => {
      const name = await topic(2);
      const log: unknown[] = [];
      @Controller()
      class Orders implements OnModuleInit {
        private isReady = false;

        public async onModuleInit(): Promise<void> {
          await cluster.readTopic(name);
          this.isReady = true;
        }

        @EventPattern([name])
        public onOrder(@Payload() value: unknown, @Ctx() context: KafkaContext): void {
          log.push([this.isReady, value, context.getMessage().key]);
        }
      }
      const sender = await start([]);
      await sender.get(KafkaProducer).send({ topic: name, key: 'k', value: { id: 1 } });
      await start([Orders], { first });
      await waitFor(() => log.length === 1, { what: 'the record' });
      expect(log).toEqual([[true, { id: 1 }, 'k']]);
    },
  );

  it('has a group for each groupId, RegExps, and several handlers of a topic', async () => {
    const name = await topic();
    const log: string[] = [];
    @Controller()
    class Orders {
      @KafkaListener(new RegExp(`^${name}$`), { id: 'a', groupId: uniqueGroup() })
      public first(@Payload() value: string): void {
        log.push(`first ${value}`);
      }

      @KafkaListener(name, { id: 'b' })
      public second(@Payload() value: string): void {
        log.push(`second ${value}`);
      }

      @KafkaListener(name, { id: 'c' })
      public third(@Payload() value: string): void {
        log.push(`third ${value}`);
      }
    }
    const app = await start([Orders]);
    await app.get(KafkaProducer).send({ topic: name, value: JSON.stringify('x') });
    await waitFor(() => log.length === 3, { what: 'the record in all handlers' });
    expect(log.toSorted()).toEqual(['first x', 'second x', 'third x']);
    const { groups, listeners } = app.get(KafkaListenerRegistry).status();
    expect(Object.keys(groups)).toHaveLength(2);
    expect(listeners.map(({ listenerId, state }) => [listenerId, state])).toEqual([
      ['a', 'running'],
      ['b', 'running'],
      ['c', 'running'],
    ]);
  });

  it('goes on after a restart where it has stopped, and repeats nothing that was handled', async () => {
    const name = await topic();
    const groupId = uniqueGroup();
    const log: number[] = [];
    @Controller()
    class Orders {
      @EventPattern([name])
      public onOrder(@Payload() value: number): void {
        log.push(value);
      }
    }
    const options = { consumer: { groupId, autoOffsetReset: 'earliest' } };
    const before = await start([Orders], options);
    await before.get(KafkaProducer).sendAll([1, 2, 3].map((value) => ({ topic: name, value })));
    await waitFor(() => log.length === 3, { what: 'the first records' });
    await before.close();
    const after = await start([Orders], options);
    await after.get(KafkaProducer).send({ topic: name, value: 4 });
    await waitFor(() => log.length >= 4, { what: 'the last record' });
    expect(log).toEqual([1, 2, 3, 4]);
  });

  it('lets a handler end while it shuts down, and commits what it has done', async () => {
    const name = await topic();
    const groupId = uniqueGroup();
    const log: string[] = [];
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    @Controller()
    class Orders {
      @EventPattern([name])
      public async onOrder(): Promise<void> {
        log.push('begun');
        await ended;
        log.push('ended');
      }
    }
    const app = await start([Orders], { consumer: { groupId, autoOffsetReset: 'earliest' } });
    await app.get(KafkaProducer).send({ topic: name, value: 1 });
    await waitFor(() => log.length === 1, { what: 'the handler to begin' });
    const closed = app.close().then(() => log.push('closed'));
    end();
    await closed;
    expect(log).toEqual(['begun', 'ended', 'closed']);
    await expect(cluster.committedOffsets(groupId, name)).resolves.toEqual([{ partition: 0, offset: '1' }]);
  });

  it('commits what a transactional listener sends together with its offset, once for each record', async () => {
    const [input, output] = [await topic(), await topic()];
    const groupId = uniqueGroup();
    const attempts: number[] = [];
    @Controller()
    class Orders {
      public constructor(private readonly kafka: KafkaProducer) {}

      @Transactional()
      @KafkaListener(input, { recovery: { backoff: { initialMs: 1 } } })
      public async onOrder(@Payload() value: number, @Ctx() context: KafkaContext): Promise<void> {
        attempts.push(context.attempt);
        await this.kafka.send({ topic: output, value: value * 2 });
        if (value === 2 && context.attempt === 1) throw new Error('once');
      }
    }
    const app = await start([Orders], {
      consumer: { groupId, autoOffsetReset: 'earliest' },
      transactions: { transactionalIdPrefix: `${uniqueGroup()}-` },
    });
    await app.get(KafkaProducer).sendAll([1, 2, 3].map((value) => ({ topic: input, value })));
    await waitFor(async () => (await cluster.committedOffsets(groupId, input))[0]?.offset === '3', {
      what: 'the last offset',
    });
    expect(attempts).toEqual([1, 1, 2, 1]);
    const stored = await committedRecords(cluster, output);
    expect(stored.map(({ value }) => value?.toString())).toEqual(['2', '4', '6']);
  });

  it('answers the requests of Nest’s own client', async () => {
    const name = await topic();
    await cluster.createTopic(`${name}.reply`, { partitions: 1 });
    @Controller()
    class Orders {
      @MessagePattern(name)
      public answer(@Payload() value: { n: number }): Observable<unknown> | object {
        if (value.n === 0) throw new RangeError('secret');
        return value.n === 1 ? { twice: 2, at: new Date(0) } : of('a', 'b');
      }
    }
    await start([Orders]);
    const client = new ClientKafka({
      client: { brokers, clientId: 'client' },
      consumer: { groupId: uniqueGroup() },
      producer: { createPartitioner: Partitioners.DefaultPartitioner },
    });
    running.push(client);
    client.subscribeToResponseOf(name);
    await client.connect();
    await expect(firstValueFrom(client.send(name, { n: 1 }))).resolves.toEqual({
      twice: 2,
      at: '1970-01-01T00:00:00.000Z',
    });
    await expect(lastValueFrom(client.send(name, { n: 2 }).pipe(toArray()))).resolves.toEqual(['a', 'b']);
    await expect(firstValueFrom(client.send(name, { n: 0 }))).rejects.toEqual({
      status: 'error',
      message: 'Internal server error',
    });
  });

  it('does not start when no broker answers, and says so', async () => {
    @Controller()
    class Orders {
      @EventPattern(['orders'])
      public onOrder(): void {}
    }
    const client = { brokers: ['127.0.0.1:1'] };
    const app = start([Orders], { client, startTimeoutMs: 200 });
    await expect(app).rejects.toBeInstanceOf(BrokerUnavailableError);
  });
});
