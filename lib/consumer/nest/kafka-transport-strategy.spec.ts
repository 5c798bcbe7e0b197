import { Controller, type OnModuleInit } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { jest } from '@jest/globals';
import { KafkaContext } from './kafka-context.js';
import { KafkaTransportStrategy } from './kafka-transport-strategy.js';
import type { ConsumerBench } from './spec-support/consumer-bench.js';
import { useConsumerBench } from './spec-support/use-consumer-bench.js';

const benches = useConsumerBench();

describe('the life of a KafkaTransportStrategy', () => {
  const log: string[] = [];
  @Controller()
  class Orders implements OnModuleInit {
    public async onModuleInit(): Promise<void> {
      await new Promise(setImmediate);
      log.push('init');
    }

    @EventPattern(['orders'])
    public onOrder(): void {}
  }

  beforeEach(() => {
    log.length = 0;
  });

  async function create(): Promise<ConsumerBench> {
    const bench = await benches.create({
      controllers: [Orders],
      module: { consumer: { groupId: 'g', drainTimeoutMs: 1234 } },
    });
    bench.app.connectMicroservice({ strategy: bench.app.get(KafkaTransportStrategy) });
    return bench;
  }

  it('starts with the application when the transport was started before', async () => {
    const { app, factory } = await create();
    await app.startAllMicroservices();
    expect(factory.containers).toEqual([]);
    expect(log).toEqual([]);
    await app.init();
    expect(factory.only.log).toEqual(['start']);
    expect(log).toEqual(['init']);
  });

  it('starts with the transport when the application was started before', async () => {
    const { app, factory } = await create();
    await app.init();
    expect(factory.containers).toEqual([]);
    await app.startAllMicroservices();
    expect(factory.only.log).toEqual(['start']);
  });

  it('is the transport of an application without HTTP, too', async () => {
    const { factory, testing } = await benches.create({ controllers: [Orders] });
    const app = testing.createNestMicroservice({
      inject: [KafkaTransportStrategy],
      useFactory: (strategy: KafkaTransportStrategy) => ({ strategy }),
    });
    app.useLogger(false);
    await app.listen();
    expect(log).toEqual(['init']);
    await factory.only.deliver('orders');
    await app.close();
    expect(factory.only.log).toEqual(['start', 'close 30000']);
  });

  it('throws what makes a start impossible, in both orders, and leaves nothing running', async () => {
    const failing = async (first: 'transport' | 'application'): Promise<void> => {
      const { app, factory } = await create();
      factory.startError = new Error('no broker');
      if (first === 'transport') await app.startAllMicroservices();
      else await app.init();
      const second = first === 'transport' ? app.init() : app.startAllMicroservices();
      await expect(second).rejects.toThrow('no broker');
      expect(factory.only.log).toEqual(['start', 'close 0']);
      await app.close();
    };
    await failing('transport');
    await failing('application');
  });

  it('drains once, before any provider shuts down, and goes on sending meanwhile', async () => {
    const { app, factory, producer } = await create();
    await app.init();
    await app.startAllMicroservices();
    const container = factory.only;
    const close = container.close.bind(container);
    container.close = async (timeoutMs) => {
      await producer.send({ topic: 'late', value: 'reply' });
      log.push('drained');
      return close(timeoutMs);
    };
    jest.spyOn(producer, 'onApplicationShutdown').mockImplementation(() => {
      log.push('producer closed');
      return Promise.resolve();
    });
    await app.close();
    expect(container.log).toEqual(['start', 'close 1234']);
    expect(log).toEqual(['init', 'drained', 'producer closed']);
    expect(producer.records).toHaveLength(1);
  });

  it('does not start any more after it was closed', async () => {
    const { app, factory } = await create();
    await app.init();
    const strategy = app.get(KafkaTransportStrategy);
    await strategy.close();
    await expect(app.startAllMicroservices()).rejects.toThrow(/closed/);
    expect(factory.containers).toEqual([]);
  });

  it('may be connected once', async () => {
    const { app } = await create();
    expect(() => app.connectMicroservice({ strategy: app.get(KafkaTransportStrategy) })).toThrow(/called twice/);
  });

  it('tells the state of its listeners by Nest’s words, and their events by type', async () => {
    const { app, factory } = await create();
    const states: string[] = [];
    const failures: unknown[] = [];
    const strategy = app.get(KafkaTransportStrategy);
    strategy.status.subscribe((state) => states.push(state));
    strategy.on('stopped', ({ error }) => failures.push(error));
    await app.init();
    await app.startAllMicroservices();
    const error = new Error('poison');
    for (const type of ['started', 'paused'] as const) factory.only.request.events({ type, listenerId: 'x' });
    factory.only.request.events({ type: 'partitions-revoked', listenerId: 'x', partitions: [] });
    factory.only.request.events({ type: 'stopped', listenerId: 'x', error });
    expect(states).toEqual(['connected', 'rebalancing', 'crashed']);
    expect(failures).toEqual([error]);
    expect(strategy.unwrap()).toEqual([factory.only]);
  });

  it('calls the hooks of processing around each record, and waits although they do not', async () => {
    const { app, factory } = await create();
    const strategy = app.get(KafkaTransportStrategy);
    strategy.setOnProcessingStartHook((_transport, context, done) => {
      log.push(`start ${(context as KafkaContext).getTopic()}`);
      setImmediate(() => void done());
    });
    strategy.setOnProcessingEndHook(() => void log.push('end'));
    await app.init();
    await app.startAllMicroservices();
    await factory.only.deliver('orders');
    expect(log).toEqual(['init', 'start orders', 'end']);
  });
});
