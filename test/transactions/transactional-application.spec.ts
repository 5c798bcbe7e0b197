import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, type INestApplication, Module, Param } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  KafkaProducer,
  KafkaProducerModule,
  type KafkaProducerModuleOptions,
  ProducerFencedError,
  Transactional,
  TransactionAbortedError,
  TransactionEndedError,
  TransactionTimeoutError,
} from 'nestjs-kafka-producer';
import { from, map, type Observable } from 'rxjs';
import { sharedCluster, uniqueTopic, waitFor } from '../support/broker.js';

const cluster = sharedCluster();
const CLIENT = { brokers: cluster.bootstrapServers(), clientId: 'shop' };
const BOOM = new Error('boom');
const PARTITIONS = 3;

@Injectable()
class AuditService {
  public constructor(private readonly producer: KafkaProducer) {}

  @Transactional({ propagation: 'NOT_SUPPORTED' })
  public async note(topic: string, value: string): Promise<void> {
    await this.producer.send({ topic, value });
  }

  @Transactional({ propagation: 'REQUIRES_NEW' })
  public async bill(topic: string, value: string): Promise<void> {
    await this.producer.send({ topic, value });
  }

  @Transactional()
  public async fail(): Promise<never> {
    throw BOOM;
  }
}

@Injectable()
class OrdersService {
  public constructor(
    private readonly producer: KafkaProducer,
    private readonly audit: AuditService,
  ) {}

  @Transactional()
  public async place(topic: string, values: readonly string[], error?: Error): Promise<number> {
    for (const [index, value] of values.entries()) {
      await this.producer.send({ topic, value, partition: index % PARTITIONS });
    }
    if (error !== undefined) throw error;
    return values.length;
  }

  @Transactional()
  public async placeWithoutWaiting(topic: string, values: readonly string[]): Promise<void> {
    for (const value of values) this.producer.emit({ topic, value });
  }

  @Transactional()
  public async swallow(topic: string, value: string): Promise<void> {
    await this.producer.send({ topic, value });
    await this.producer.send({ topic, value: { amount: 1n } }).catch(() => undefined);
  }

  @Transactional()
  public async swallowInner(topic: string, value: string): Promise<void> {
    await this.producer.send({ topic, value });
    await this.audit.fail().catch(() => undefined);
  }

  @Transactional()
  public async withSideEffects(topic: string, value: string): Promise<never> {
    await this.producer.send({ topic, value });
    await this.audit.note(topic, `${value} was tried`);
    await this.audit.bill(topic, `${value} is billed`);
    throw BOOM;
  }

  @Transactional({ timeoutMs: 200 })
  public async stall(topic: string, value: string): Promise<unknown> {
    await this.producer.send({ topic, value });
    const { signal } = this.producer.currentTransaction() ?? {};
    await new Promise((resolve) => signal?.addEventListener('abort', resolve));
    return this.producer.send({ topic, value: 'too late' }).catch((error: unknown) => (this.late = error));
  }

  public late: unknown;
}

@Controller('orders')
class OrdersController {
  public constructor(private readonly producer: KafkaProducer) {}

  @Get(':topic')
  @Transactional()
  public stream(@Param('topic') topic: string): Observable<string> {
    return from(['x', 'y', 'z']).pipe(
      map((value) => {
        this.producer.emit({ topic, value });
        return value;
      }),
    );
  }
}

const applications: INestApplication[] = [];

afterEach(async () => {
  await Promise.all(applications.splice(0).map((app) => app.close()));
});

async function start(options: Partial<KafkaProducerModuleOptions> = {}): Promise<INestApplication> {
  @Module({
    imports: [
      KafkaProducerModule.forRoot({
        client: CLIENT,
        producer: { maxBlockMs: 10_000, deliveryTimeoutMs: 35_000 },
        transactions: { transactionalIdPrefix: uniqueTopic('shop-'), poolSize: 3 },
        ...options,
      }),
    ],
    controllers: [OrdersController],
    providers: [AuditService, OrdersService],
  })
  class AppModule {}
  const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
  applications.push(app);
  return app.init();
}

async function topicFor(name: string): Promise<string> {
  const topic = uniqueTopic(name);
  await cluster.createTopic(topic, { partitions: PARTITIONS });
  return topic;
}

/** What a reader of committed records sees, once the brokers have written the markers of so many. */
async function committed(topic: string, expected: number): Promise<string[]> {
  let values: string[] = [];
  await waitFor(
    async () => {
      const records = await cluster.readTopic(topic, { isolation: 'read_committed' });
      values = records.map(({ value }) => String(value)).sort();
      return values.length >= expected;
    },
    { what: `${expected} committed records in ${topic}` },
  );
  return values;
}

describe('an application with transactional methods', () => {
  it('shows all of a transaction that commits and nothing of one that aborts, and gives the caller result or error', async () => {
    const topic = await topicFor('orders');
    const orders = (await start()).get(OrdersService);
    expect(await orders.place(topic, ['a', 'b', 'c', 'd'])).toBe(4);
    await expect(orders.place(topic, ['e', 'f', 'g', 'h'], BOOM)).rejects.toBe(BOOM);
    await orders.placeWithoutWaiting(topic, ['i', 'j']);
    expect(await committed(topic, 6)).toEqual(['a', 'b', 'c', 'd', 'i', 'j']);
    expect(await cluster.readTopic(topic)).toHaveLength(10);
  });

  it('aborts when the failure of a record, or of a method that has joined, was swallowed', async () => {
    const topic = await topicFor('swallowed');
    const orders = (await start()).get(OrdersService);
    await expect(orders.swallow(topic, 'a')).rejects.toBeInstanceOf(TransactionAbortedError);
    const inner = orders.swallowInner(topic, 'b');
    await expect(inner).rejects.toBeInstanceOf(TransactionAbortedError);
    await expect(inner).rejects.toMatchObject({ cause: BOOM });
    expect(await committed(topic, 0)).toEqual([]);
  });

  it('keeps what runs outside of the transaction, or in one of its own, when it aborts', async () => {
    const topic = await topicFor('propagation');
    await expect((await start()).get(OrdersService).withSideEffects(topic, 'a')).rejects.toBe(BOOM);
    expect(await committed(topic, 2)).toEqual(['a is billed', 'a was tried']);
  });

  it('aborts what takes too long, and refuses what it sends afterwards', async () => {
    const topic = await topicFor('stalled');
    const orders = (await start()).get(OrdersService);
    await expect(orders.stall(topic, 'a')).rejects.toBeInstanceOf(TransactionTimeoutError);
    expect(orders.late).toBeInstanceOf(TransactionEndedError);
    expect(await committed(topic, 0)).toEqual([]);
    // The slot is good for the next one.
    await orders.place(topic, ['b']);
    expect(await committed(topic, 1)).toEqual(['b']);
  });

  it('fills the memory of its producer many times over, also after an abort', async () => {
    const topic = await topicFor('large');
    const producer = { bufferMemory: 256 * 1024, maxBlockMs: 10_000, deliveryTimeoutMs: 35_000 };
    const orders = (await start({ producer })).get(OrdersService);
    const values = Array.from({ length: 3_000 }, (_, index) => `${index} ${'v'.repeat(500)}`);
    await expect(orders.place(topic, ['a'], BOOM)).rejects.toBe(BOOM);
    for (let round = 1; round <= 2; round++) {
      await orders.placeWithoutWaiting(topic, values);
      expect((await committed(topic, round * values.length)).length).toBe(round * values.length);
    }
  });

  it('runs an Observable to its end before the commit, and answers with its values', async () => {
    const topic = await topicFor('observable');
    const app = await start();
    await app.listen(0, '127.0.0.1');
    const response = await fetch(`${await app.getUrl()}/orders/${topic}`);
    expect([response.status, await response.text()]).toEqual([200, 'z']);
    expect(await committed(topic, 3)).toEqual(['x', 'y', 'z']);
  });

  it('runs more transactions at a time than it has producers', async () => {
    const topic = await topicFor('many');
    const orders = (await start()).get(OrdersService);
    const names = Array.from({ length: 60 }, (_, index) => String(index));
    await Promise.all(names.map((name) => orders.place(topic, [`${name}-1`, `${name}-2`])));
    expect(await committed(topic, 120)).toEqual(names.flatMap((name) => [`${name}-1`, `${name}-2`]).sort());
  });

  it('aborts its open transactions when it ends, within its limit, and leaves nothing open behind', async () => {
    const topic = await topicFor('shutdown');
    const app = await start();
    const producer = app.get(KafkaProducer);
    let open: Promise<unknown> = Promise.resolve();
    await new Promise<void>((sent) => {
      open = producer.transaction(async () => {
        await producer.send({ topic, value: 'half' });
        sent();
        await new Promise(() => undefined);
      });
      open.catch(() => undefined);
    });
    const startedAt = Date.now();
    await app.close();
    expect(Date.now() - startedAt).toBeLessThan(5_000);
    await expect(open).rejects.toBeInstanceOf(TransactionAbortedError);
    // An open transaction would keep readers from whatever is written behind it.
    await (await start()).get(OrdersService).place(topic, ['after']);
    expect(await committed(topic, 1)).toEqual(['after']);
  });

  it('gives way for good to a newer one with the same prefix', async () => {
    const topic = await topicFor('fenced');
    const transactions = { transactionalIdPrefix: uniqueTopic('taken-'), poolSize: 2 };
    const older = (await start({ transactions })).get(OrdersService);
    await older.place(topic, ['older']);
    const newer = (await start({ transactions })).get(OrdersService);
    await newer.place(topic, ['newer 1']);
    await expect(older.place(topic, ['never'])).rejects.toBeInstanceOf(ProducerFencedError);
    await newer.place(topic, ['newer 2']);
    await expect(older.place(topic, ['never'])).rejects.toThrow(/transactionalIdPrefix/);
    await newer.place(topic, ['newer 3']);
    expect(await committed(topic, 4)).toEqual(['newer 1', 'newer 2', 'newer 3', 'older']);
  });
});
