import { Injectable } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { KafkaProducer, KafkaProducerModule, type ProducerInterceptor, type ProducerOptions } from '../index.js';
import { FakeEngineFactory } from '../transactions/spec-support/fake-engine-factory.js';
import { ProducerEngineFactory } from './producer-engine.factory.js';

const CLIENT = { brokers: ['127.0.0.1:9092'], clientId: 'plain' };

describe('KafkaProducerModule with transactions', () => {
  let factory: FakeEngineFactory;
  let module: TestingModule | undefined;

  beforeEach(() => {
    factory = new FakeEngineFactory();
  });

  afterEach(async () => {
    await module?.close();
    module = undefined;
  });

  async function start(producer: ProducerOptions = {}): Promise<KafkaProducer> {
    const transactions = { transactionalIdPrefix: 'orders-', poolSize: 2, timeoutMs: 20_000 };
    module = await Test.createTestingModule({
      imports: [KafkaProducerModule.forRoot({ client: CLIENT, producer, transactions })],
    })
      .overrideProvider(ProducerEngineFactory)
      .useValue(factory)
      .compile();
    await module.init();
    return module.get(KafkaProducer, { strict: false });
  }

  it('makes the producer of a transaction when it is needed, with the settings of both', async () => {
    const kafka = await start({ batchSize: 5 });
    expect(factory.made).toHaveLength(1);
    await kafka.transaction(() => kafka.send({ topic: 't', value: '1' }));

    expect(factory.calls).toEqual(['orders-0 init', 'orders-0 begin', 'orders-0 send 1', 'orders-0 commit']);
    expect(factory.made[1]?.config).toMatchObject({
      transactionalId: 'orders-0',
      transactionTimeoutMs: 20_000,
      batchSize: 5,
      lingerMs: 0,
    });
    expect(factory.made[1]?.client).toBe(factory.made[0]?.client);
  });

  it('makes the parts once, for all of them, and leaves it to the engine outside of transactions to close them', async () => {
    let made = 0;
    @Injectable()
    class Audit implements ProducerInterceptor {
      public readonly seen: unknown[] = [];

      public constructor() {
        made += 1;
      }

      public onSend<T extends { value: unknown }>(record: T): T {
        this.seen.push(record.value);
        return record;
      }

      public close(): void {
        this.seen.push('closed');
      }
    }
    const kafka = await start({ interceptors: [Audit] });
    await kafka.transaction(() => kafka.transaction(() => undefined, { propagation: 'REQUIRES_NEW' }));
    const [plain, ...transactional] = factory.made.map(({ interceptors }) => interceptors[0]);
    for (const interceptor of transactional) interceptor?.onSend?.({ topic: 't', value: '1' });

    expect(made).toBe(1);
    expect(plain).toMatchObject({ seen: ['1', '1'] });
    expect(transactional.map((interceptor) => interceptor?.close)).toEqual([undefined, undefined]);
  });

  it('closes a producer that cannot start, and fails its transaction', async () => {
    const kafka = await start();
    const failure = new Error('no codec');
    const createTransactional = factory.createTransactional.bind(factory);
    factory.createTransactional = (dependencies) => {
      const engine = createTransactional(dependencies);
      engine.start = () => Promise.reject(failure);
      return engine;
    };

    await expect(kafka.transaction(() => 1)).rejects.toMatchObject({ name: 'KafkaError', cause: failure });
    expect(factory.calls).toEqual(['orders-0 close 0']);
  });

  it('tells how the producers of transactions are doing, and their figures', async () => {
    const kafka = await start();
    await kafka.transaction(() => expect(kafka.status().transactions).toMatchObject({ poolSize: 2, leased: 1 }));

    expect(kafka.status()).toMatchObject({ state: 'running', transactions: { leased: 0, waiting: 0, fenced: false } });
    expect(kafka.metrics()).toMatchObject({ 'txn-committed-total': 1, 'emit-error-total': 0 });
  });

  it('closes them within the time limit of the module, before the other', async () => {
    const kafka = await start();
    await kafka.transaction(() => 1);
    await module?.close();

    expect(factory.calls.slice(-2)).toEqual(['orders-0 close', 'plain close']);
    await expect(kafka.transaction(() => 1)).rejects.toMatchObject({ name: 'ProducerClosedError' });
  });

  it('says what to set when there are none', async () => {
    module = await Test.createTestingModule({ imports: [KafkaProducerModule.forRoot({ client: CLIENT })] })
      .overrideProvider(ProducerEngineFactory)
      .useValue(factory)
      .compile();
    const kafka = (await module.init()).get(KafkaProducer, { strict: false });

    await expect(kafka.transaction(() => 1)).rejects.toMatchObject({
      name: 'ConfigError',
      setting: 'transactions',
      message: expect.stringContaining('transactions: { transactionalIdPrefix:') as unknown,
    });
    expect(kafka.currentTransaction()).toBeNull();
    expect(kafka.status().transactions).toBeUndefined();
  });
});
