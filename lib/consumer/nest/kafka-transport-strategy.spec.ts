import {
  BadRequestException,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExecutionContext,
  type ExceptionFilter,
  Injectable,
  type NestInterceptor,
  type OnModuleInit,
  type PipeTransform,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import {
  BaseRpcExceptionFilter,
  Ctx,
  EventPattern,
  KafkaContext as NestKafkaContext,
  KafkaRetriableException,
  MessagePattern,
  Payload,
  RpcException,
  Transport,
} from '@nestjs/microservices';
import { jest } from '@jest/globals';
import { EMPTY, type Observable, of, Subject, throwError, timer } from 'rxjs';
import { map, mergeMap } from 'rxjs/operators';
import { ConfigError } from '../../producer/errors.js';
import { KafkaContext } from './kafka-context.js';
import { KafkaListener } from './kafka-listener.decorator.js';
import { KafkaListenerRegistry } from './kafka-listener-registry.js';
import { KafkaTransportStrategy } from './kafka-transport-strategy.js';
import {
  type ConsumerBench,
  type ConsumerBenchOptions,
  createConsumerBench,
  startConsumerBench,
} from './spec-support/consumer-bench.js';

const REQUEST = { kafka_correlationId: 'id-1', kafka_replyTopic: 'orders.reply', kafka_replyPartition: '0' };

let bench: ConsumerBench | undefined;

afterEach(async () => {
  await bench?.app.close();
  bench = undefined;
  jest.restoreAllMocks();
});

async function start(
  controller: ConsumerBenchOptions['controllers'][number] | ConsumerBenchOptions['controllers'],
  rest: Omit<ConsumerBenchOptions, 'controllers'> = {},
): Promise<ConsumerBench> {
  bench = await startConsumerBench({ controllers: [controller].flat(), ...rest });
  return bench;
}

/** What was replied, as text, with the names of the headers and the text of the error. */
function replies({ producer }: ConsumerBench): object[] {
  return producer.records.map(({ headers, partition, serializedValue, topic }) => {
    const list = headers as { key: string; value: string | Buffer }[];
    const header = (name: string): string | undefined => list.find(({ key }) => key === name)?.value.toString();
    return {
      topic,
      partition,
      value: serializedValue?.toString() ?? null,
      id: header('kafka_correlationId'),
      isDisposed: header('kafka_nest-is-disposed') !== undefined,
      ...(header('kafka_nest-err') === undefined ? {} : { error: header('kafka_nest-err') }),
    };
  });
}

const reply = (value: string | null, isDisposed = true): object => ({
  topic: 'orders.reply',
  partition: 0,
  value,
  id: 'id-1',
  isDisposed,
});

describe('handlers of @EventPattern()', () => {
  it('get the decoded value and a context that Nest and this library both know', async () => {
    const seen: unknown[] = [];
    @Controller()
    class Orders {
      @EventPattern(['orders'])
      public onOrder(@Payload() payload: unknown, @Ctx() context: KafkaContext): void {
        seen.push(payload, context.getMessage(), context.getTopic(), context.getPartition());
        seen.push(context instanceof NestKafkaContext, context.attempt, context.records.length);
      }
    }
    const { factory } = await start(Orders);
    expect(factory.only.groupId).toBe('group');
    await factory.only.deliver('orders', { key: 'k', value: { id: 1 }, headers: { h: 'x' }, offset: 7n }, 3);
    expect(seen).toEqual([
      { id: 1 },
      expect.objectContaining({
        key: 'k',
        value: { id: 1 },
        offset: '7',
        timestamp: '1700000000000',
        headers: Object.assign(Object.create(null) as object, { h: 'x' }),
      }),
      'orders',
      0,
      true,
      3,
      1,
    ]);
  });

  it('get null for a tombstone', async () => {
    const seen: unknown[] = [];
    @Controller()
    class Orders {
      @EventPattern(['orders'])
      public onOrder(@Payload() payload: unknown): void {
        seen.push(payload);
      }
    }
    const { factory } = await start(Orders);
    await factory.only.deliver('orders', { value: null });
    expect(seen).toEqual([null]);
  });

  it('get objects with a key or value whole, and scalars by their types', async () => {
    const seen: unknown[] = [];
    @Controller()
    class Orders {
      @EventPattern(['orders'])
      public onOrder(@Payload() payload: unknown): void {
        seen.push(payload);
      }
    }
    const { factory } = await start(Orders);
    for (const value of [{ key: 1, value: 2, more: 3 }, 5, true, 'text'])
      await factory.only.deliver('orders', { value });
    expect(seen).toEqual([{ key: 1, value: 2, more: 3 }, 5, true, 'text']);
  });

  it('fail the record when it does not decode, before the handler is called', async () => {
    const called = jest.fn();
    @Controller()
    class Orders {
      @EventPattern(['orders'])
      public onOrder(): void {
        called();
      }
    }
    const { factory } = await start(Orders);
    await expect(factory.only.deliver('orders', { value: Buffer.from('{"broken') })).rejects.toMatchObject({
      name: 'UndecodableRecordError',
    });
    expect(called).not.toHaveBeenCalled();
  });

  it('may return an Observable that ends without a value', async () => {
    @Controller()
    class Orders {
      @EventPattern(['orders'])
      public onOrder(): Observable<never> {
        return EMPTY;
      }
    }
    const { factory } = await start(Orders);
    await expect(factory.only.deliver('orders')).resolves.toBeDefined();
  });

  it('are not done before their Observable has ended', async () => {
    const values = new Subject<number>();
    @Controller()
    class Orders {
      @EventPattern(['orders'])
      public onOrder(): Observable<number> {
        return values;
      }
    }
    const { factory } = await start(Orders);
    let isDone = false;
    const delivered = factory.only.deliver('orders').then(() => (isDone = true));
    await new Promise(setImmediate);
    expect(values.observed).toBe(true);
    values.next(1);
    await new Promise(setImmediate);
    expect(isDone).toBe(false);
    values.complete();
    await delivered;
  });

  it('are let go when an Observable goes on after its outcome no longer matters', async () => {
    const values = new Subject<number>();
    @Controller()
    class Orders {
      @EventPattern(['orders'])
      public onOrder(): Observable<number> {
        return values;
      }
    }
    const { factory } = await start(Orders);
    const delivered = factory.only.deliver('orders');
    await new Promise(setImmediate);
    factory.only.abort.abort(new Error('revoked'));
    await expect(delivered).rejects.toThrow('revoked');
    expect(values.observed).toBe(false);
  });

  it.each([
    ['a promise', () => Promise.reject(new RangeError('mine'))],
    ['an Observable', () => throwError(() => new RangeError('mine'))],
    [
      'an Observable, later',
      () =>
        timer(1).pipe(
          mergeMap(() => {
            throw new RangeError('mine');
          }),
        ),
    ],
  ])('reject with the error itself, not with the one that Nest puts in its place (%s)', async (_name, work) => {
    @Controller()
    class Orders {
      @EventPattern(['orders'])
      public onOrder(): unknown {
        return work();
      }
    }
    const { factory } = await start(Orders);
    const error: unknown = await factory.only.deliver('orders').catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ message: 'mine' });
  });

  it('reject each call with its own error when many fail side by side', async () => {
    @Controller()
    class Orders {
      @EventPattern(['orders'])
      public async onOrder(@Payload() number: number): Promise<void> {
        for (let turns = 0; turns < number % 5; turns++) await new Promise(setImmediate);
        throw new RangeError(String(number));
      }
    }
    const { factory } = await start(Orders);
    const numbers = Array.from({ length: 50 }, (_, number) => number);
    const results = await Promise.allSettled(numbers.map((value) => factory.only.deliver('orders', { value })));
    expect(results.map((result) => (result as PromiseRejectedResult).reason.message)).toEqual(numbers.map(String));
  });

  it('reject with the errors of guards and pipes, too', async () => {
    class Never implements CanActivate {
      public canActivate(): boolean {
        return false;
      }
    }
    class Strict implements PipeTransform {
      public transform(): never {
        throw new BadRequestException('no order');
      }
    }
    @Controller()
    class Orders {
      @EventPattern(['guarded'])
      @UseGuards(Never)
      public guarded(): void {}

      @EventPattern(['piped'])
      @UsePipes(Strict)
      public piped(@Payload() _payload: unknown): void {}
    }
    const { factory } = await start(Orders);
    await expect(factory.only.deliver('guarded')).rejects.toBeInstanceOf(RpcException);
    await expect(factory.only.deliver('piped')).rejects.toBeInstanceOf(BadRequestException);
  });

  it('run guards, interceptors and pipes in their order, with a context of the type rpc', async () => {
    const log: string[] = [];
    class Guard implements CanActivate {
      public canActivate(context: ExecutionContext): boolean {
        log.push(`guard ${context.getType()} ${context.switchToRpc().getContext<KafkaContext>().getTopic()}`);
        return true;
      }
    }
    class Around implements NestInterceptor {
      public intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
        log.push('before');
        return next.handle().pipe(
          map((value) => {
            log.push('after');
            return value;
          }),
        );
      }
    }
    class Pipe implements PipeTransform {
      public transform(value: unknown): unknown {
        return value instanceof KafkaContext ? value : `piped ${String(value)}`;
      }
    }
    @Controller()
    class Orders {
      @EventPattern(['orders'])
      @UseGuards(Guard)
      @UseInterceptors(Around)
      @UsePipes(Pipe)
      public onOrder(@Payload() payload: string): void {
        log.push(payload);
      }
    }
    const { factory } = await start(Orders);
    await factory.only.deliver('orders', { value: 'x' });
    expect(log).toEqual(['guard rpc orders', 'before', 'piped x', 'after']);
  });

  it('count as handled when a filter of the method, the class or the application has taken the error', async () => {
    class Mine extends Error {}
    @Catch(Mine)
    class Quiet implements ExceptionFilter {
      public catch(): Observable<string> {
        return of('handled');
      }
    }
    @Controller()
    class OfMethod {
      @EventPattern(['method'])
      @UseFilters(Quiet)
      public fail(): never {
        throw new Mine();
      }
    }
    @Controller()
    @UseFilters(Quiet)
    class OfClass {
      @EventPattern(['class'])
      public fail(): never {
        throw new Mine();
      }

      @EventPattern(['other'])
      public failOtherwise(): never {
        throw new RangeError('not mine');
      }
    }
    const { factory } = await start([OfMethod, OfClass]);
    await factory.only.deliver('method');
    await factory.only.deliver('class');
    await expect(factory.only.deliver('other')).rejects.toBeInstanceOf(RangeError);
  });

  it('reject with what a filter makes of the error', async () => {
    class Converted extends Error {}
    @Catch()
    class Converting extends BaseRpcExceptionFilter {
      public override catch(error: Error, _host: ArgumentsHost): Observable<never> {
        return throwError(() => new Converted(error.message));
      }
    }
    @Controller()
    class Orders {
      @EventPattern(['orders'])
      @UseFilters(new Converting())
      public fail(): never {
        throw new RangeError('first');
      }
    }
    const { factory } = await start(Orders);
    await expect(factory.only.deliver('orders')).rejects.toBeInstanceOf(Converted);
  });

  it('may be request-scoped', async () => {
    const instances = new Set<object>();
    @Controller({ path: 'scoped', scope: Scope.REQUEST })
    class Orders {
      @EventPattern(['orders'])
      public onOrder(@Payload() fails: boolean): void {
        instances.add(this);
        if (fails) throw new RangeError('mine');
      }
    }
    const { factory } = await start(Orders);
    await factory.only.deliver('orders', { value: false });
    await factory.only.deliver('orders', { value: false });
    expect(instances.size).toBe(2);
    await expect(factory.only.deliver('orders', { value: true })).rejects.toBeInstanceOf(RangeError);
  });

  it('are all listeners of their own, also two of one topic', async () => {
    const seen: string[] = [];
    @Controller()
    class Orders {
      @EventPattern(['orders'])
      public first(): void {
        seen.push('first');
      }

      @EventPattern(['orders'], Transport.KAFKA)
      public second(): void {
        seen.push('second');
      }

      @EventPattern(/^ord/)
      public third(): void {
        seen.push('third');
      }

      @EventPattern(['orders'], Transport.TCP)
      public notKafka(): void {
        seen.push('tcp');
      }
    }
    const { factory } = await start(Orders);
    expect(factory.only.request.listeners.map(({ id }) => id)).toEqual([
      'Orders.first',
      'Orders.second',
      'Orders.third',
    ]);
    await factory.only.deliver('orders');
    expect(seen).toEqual(['first', 'second', 'third']);
  });

  it('of another transport are left out when no topic can have that name, and refused when they name Kafka', async () => {
    @Controller()
    class Other {
      @MessagePattern({ cmd: 'sum' })
      public sum(): void {}
    }
    @Controller()
    class Wrong {
      @EventPattern({ cmd: 'sum' }, Transport.KAFKA)
      public sum(): void {}
    }
    const { factory } = await start(Other);
    expect(factory.containers).toEqual([]);
    await expect(startConsumerBench({ controllers: [Wrong] })).rejects.toThrow(
      /^The handler Wrong\.sum: '\{"cmd":"sum"\}' cannot be the name of a topic/,
    );
  });
});

describe('handlers of @MessagePattern()', () => {
  const answering = (work: (payload: unknown) => unknown): ConsumerBenchOptions['controllers'][number] => {
    @Controller()
    class Orders {
      @MessagePattern('orders')
      public answer(@Payload() payload: unknown): unknown {
        return work(payload);
      }
    }
    return Orders;
  };

  it.each([
    ['an object', { a: 1, at: new Date(0) }, '{"a":1,"at":"1970-01-01T00:00:00.000Z"}'],
    ['text', 'yes', 'yes'],
    ['bytes', Buffer.from('raw'), 'raw'],
    ['a number', 5, '5'],
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['an object with key and value', { key: 'k', value: 'v', more: 1 }, '{"key":"k","value":"v","more":1}'],
    ['nothing', undefined, null],
    ['null', null, null],
  ])('reply with %s, in one message that is the last', async (_name, value, text) => {
    const { factory } = await start(answering(() => value));
    await factory.only.deliver('orders', { value: 1, headers: REQUEST });
    expect(replies(bench as ConsumerBench)).toEqual([reply(text)]);
  });

  it('do not change what they return', async () => {
    const answer = Object.freeze({ value: Object.freeze({ a: 1 }), headers: Object.freeze({}) });
    const { factory } = await start(answering(() => answer));
    await factory.only.deliver('orders', { headers: REQUEST });
    expect(replies(bench as ConsumerBench)).toEqual([reply('{"value":{"a":1},"headers":{}}')]);
  });

  it('reply with every value of an Observable, and mark the last one', async () => {
    const { factory } = await start(answering(() => of('a', 'b')));
    await factory.only.deliver('orders', { headers: REQUEST });
    expect(replies(bench as ConsumerBench)).toEqual([reply('a', false), reply('b', true)]);
  });

  it('reply with values as they come', async () => {
    const values = new Subject<string>();
    const { factory, producer } = await start(answering(() => values));
    const delivered = factory.only.deliver('orders', { headers: REQUEST });
    await new Promise(setImmediate);
    values.next('a');
    await new Promise(setImmediate);
    expect(producer.records).toHaveLength(1);
    values.complete();
    await delivered;
    expect(replies(bench as ConsumerBench)).toEqual([reply('a', false), reply(null, true)]);
  });

  it('reply with the end alone when there is no value', async () => {
    const { factory } = await start(answering(() => EMPTY));
    await factory.only.deliver('orders', { headers: REQUEST });
    expect(replies(bench as ConsumerBench)).toEqual([reply(null, true)]);
  });

  it.each([
    ['a promise', () => Promise.reject(new RpcException({ code: 7 })), '{"code":7}'],
    ['an Observable', () => throwError(() => new RpcException('no')), '{"status":"error","message":"no"}'],
    [
      'an unknown error',
      () => Promise.reject(new RangeError('secret')),
      '{"status":"error","message":"Internal server error"}',
    ],
  ])('reply with the error of %s, and are done', async (_name, work, error) => {
    const { factory } = await start(answering(work));
    await factory.only.deliver('orders', { headers: REQUEST });
    expect(replies(bench as ConsumerBench)).toEqual([{ ...reply(null), error }]);
  });

  it.each([
    ['a promise', () => Promise.reject(new KafkaRetriableException('again'))],
    ['an Observable', () => throwError(() => new KafkaRetriableException('again'))],
  ])('fail, and reply nothing, with KafkaRetriableException of %s', async (_name, work) => {
    const { factory, producer } = await start(answering(work));
    await expect(factory.only.deliver('orders', { headers: REQUEST })).rejects.toBeInstanceOf(KafkaRetriableException);
    expect(producer.sent).toEqual([]);
  });

  it('are not done before the reply is stored', async () => {
    const { factory, producer } = await start(answering(() => 'yes'));
    let store: (value: unknown) => void = () => undefined;
    const stored = new Promise((resolve) => (store = resolve));
    jest.spyOn(producer, 'send').mockImplementation((() => stored) as never);
    let isDone = false;
    const delivered = factory.only.deliver('orders', { headers: REQUEST }).then(() => (isDone = true));
    await new Promise(setImmediate);
    expect(producer.send).toHaveBeenCalledTimes(1);
    expect(isDone).toBe(false);
    store(undefined);
    await delivered;
  });

  it('fail when the reply could not be stored', async () => {
    const { factory, producer } = await start(answering(() => 'yes'));
    jest.spyOn(producer, 'send').mockImplementation((() => Promise.reject(new Error('broker'))) as never);
    await expect(factory.only.deliver('orders', { headers: REQUEST })).rejects.toThrow('broker');
  });

  it('are event handlers for a record that names no reply topic', async () => {
    const { factory, producer } = await start(
      answering((payload) => {
        if (payload === 'bad') throw new RangeError('mine');
        return 'yes';
      }),
    );
    await factory.only.deliver('orders', { value: 'good', headers: { kafka_correlationId: 'id-1' } });
    await expect(factory.only.deliver('orders', { value: 'bad' })).rejects.toBeInstanceOf(RangeError);
    expect(producer.sent).toEqual([]);
  });

  it('may not be two of one topic, as both would reply', async () => {
    @Controller()
    class Twice {
      @MessagePattern('orders')
      public first(): void {}

      @MessagePattern('orders')
      public second(): void {}
    }
    await expect(startConsumerBench({ controllers: [Twice] })).rejects.toThrow(
      'The handler Twice.second: Twice.first answers requests to orders already.',
    );
  });
});

describe('KafkaContext', () => {
  const withContext = (use: (context: KafkaContext) => unknown): ConsumerBenchOptions['controllers'][number] => {
    @Controller()
    class Orders {
      @EventPattern(['orders'])
      public onOrder(@Ctx() context: KafkaContext): unknown {
        return use(context);
      }
    }
    return Orders;
  };

  it('acknowledges, and asks for the record again', async () => {
    const { factory } = await start(
      withContext((context) => {
        context.ack();
        context.nack(50);
        context.nack();
      }),
    );
    await expect(factory.only.deliver('orders')).resolves.toEqual({ acks: 1, nacks: [50, 0] });
  });

  it('acknowledges by commitOffsets of the next offset, and by nothing below it', async () => {
    const { factory } = await start(
      withContext(async (context) => {
        const { offset } = context.getMessage();
        const commit = async (next: bigint): Promise<void> =>
          context.getConsumer().commitOffsets([{ topic: 'orders', partition: 0, offset: String(next) }]);
        await commit(BigInt(offset));
        if (offset === '9') await commit(BigInt(offset) + 1n);
      }),
    );
    await expect(factory.only.deliver('orders', { offset: 8n })).resolves.toMatchObject({ acks: 0 });
    await expect(factory.only.deliver('orders', { offset: 9n })).resolves.toMatchObject({ acks: 1 });
  });

  it('refuses to commit for partitions of others', async () => {
    const { factory } = await start(
      withContext((context) => context.getConsumer().commitOffsets([{ topic: 'other', partition: 0, offset: '1' }])),
    );
    await expect(factory.only.deliver('orders')).rejects.toThrow(
      /^commitOffsets for other-0, in a handler of orders-0/,
    );
  });

  it('pauses, resumes and seeks assigned partitions', async () => {
    const { factory } = await start(
      withContext((context) => {
        const consumer = context.getConsumer();
        consumer.pause([{ topic: 'orders', partitions: [1] }, { topic: 'other' }]);
        consumer.resume([{ topic: 'other' }]);
        consumer.seek({ topic: 'orders', partition: 1, offset: '5' });
      }),
    );
    await factory.only.deliver('orders');
    expect([...factory.only.paused].map(([name, reasons]) => [name, reasons.length])).toEqual([
      ['orders-0', 0],
      ['orders-1', 1],
      ['other-0', 0],
    ]);
    expect(factory.only.seeks).toEqual(['5 orders-1']);
  });

  it('names what to use for everything else of kafkajs', async () => {
    const { factory } = await start(
      withContext((context) => {
        expect(() => context.getConsumer().stop()).toThrow(/KafkaListenerRegistry/);
        expect(() => context.getProducer().transaction()).toThrow(/@Transactional\(\)/);
        expect(() => context.getArgByIndex(3)).not.toThrow();
        return context.getHeartbeat()();
      }),
    );
    await factory.only.deliver('orders');
  });

  it('sends by the producer of the module, text and bytes as they are', async () => {
    const { factory, producer } = await start(
      withContext((context) =>
        context.getProducer().send({
          topic: 'out',
          messages: [{ key: 'k', value: '{"a":1}', headers: { h: ['x', 'y'] } }, { value: null }],
        }),
      ),
    );
    await factory.only.deliver('orders');
    expect(producer.records).toMatchObject([
      { topic: 'out', serializedKey: Buffer.from('k'), serializedValue: Buffer.from('{"a":1}') },
      { topic: 'out', serializedKey: null, serializedValue: null },
    ]);
  });
});

describe('@KafkaListener()', () => {
  it('has topics, a group and settings of its own; one container for each group', async () => {
    @Controller()
    class Orders {
      @KafkaListener(['a', /^b/], { groupId: 'audit', id: 'auditor', concurrency: { unit: 'key', limit: 4 } })
      public audit(): void {}

      @KafkaListener('a', { autoStart: false, valueDeserializer: 'buffer' })
      public second(): void {}

      @EventPattern(['a'])
      public third(): void {}
    }
    const { factory } = await start(Orders, { module: { consumer: { groupId: 'group', concurrency: 3 } } });
    expect(factory.containers.map(({ groupId, request }) => [groupId, request.config.groupId])).toEqual([
      ['audit', 'audit'],
      ['group', 'group'],
    ]);
    const [audit, group] = factory.containers;
    expect(audit?.request.listeners).toMatchObject([
      { id: 'auditor', topics: ['a', /^b/], concurrency: { unit: 'key', limit: 4 }, autoStart: true, isBatch: false },
    ]);
    expect(group?.request.listeners).toMatchObject([
      { id: 'Orders.second', topics: ['a'], concurrency: { unit: 'partition', limit: 3 }, autoStart: false },
      { id: 'Orders.third', topics: ['a'], autoStart: true },
    ]);
    const [second, third] = group?.request.listeners ?? [];
    expect(second?.commitStrategy).toBe(third?.commitStrategy);
    expect(second?.recovery).toBe(third?.recovery);
  });

  it('gives a batch as a list of values', async () => {
    const seen: unknown[] = [];
    @Controller()
    class Orders {
      @KafkaListener('orders', { batch: true, maxBatchRecords: 20 })
      public onOrders(@Payload() payload: unknown, @Ctx() context: KafkaContext): void {
        seen.push(
          payload,
          context.records.map(({ offset }) => offset),
        );
      }
    }
    const { factory } = await start(Orders);
    expect(factory.only.request.listeners).toMatchObject([{ isBatch: true, maxBatchRecords: 20 }]);
    await factory.only.deliverBatch('orders', [{ value: 1 }, { value: null }]);
    expect(seen).toEqual([
      [1, null],
      ['0', '1'],
    ]);
    await expect(
      factory.only.deliverBatch('orders', [{ value: 1 }, { value: Buffer.from('{') }]),
    ).rejects.toMatchObject({ name: 'BatchRecordError', index: 1, cause: { name: 'UndecodableRecordError' } });
  });

  it('is inherited by every controller that extends a class with it', async () => {
    const seen: string[] = [];
    abstract class Base {
      @KafkaListener(['a', 'b'])
      public onRecord(): void {
        seen.push(this.constructor.name);
      }
    }
    @Controller()
    class One extends Base {}
    @Controller()
    class Two extends Base {}
    const { factory } = await start([One, Two]);
    expect(factory.only.request.listeners.map(({ id, topics }) => [id, topics])).toEqual([
      ['One.onRecord', ['a', 'b']],
      ['Two.onRecord', ['a', 'b']],
    ]);
    await factory.only.deliver('b');
    expect(seen).toEqual(['One', 'Two']);
  });

  it.each([
    [
      'a static method',
      /for methods of objects/,
      () => {
        class Wrong {
          @KafkaListener('t') public static handle(): void {}
        }
        return Wrong;
      },
    ],
    [
      'an accessor',
      /not for accessors/,
      () => {
        class Wrong {
          @KafkaListener('t') public get handle(): string {
            return '';
          }
        }
        return Wrong;
      },
    ],
    [
      'no topic',
      /names no topic/,
      () => {
        class Wrong {
          @KafkaListener([]) public handle(): void {}
        }
        return Wrong;
      },
    ],
    [
      'an illegal topic',
      /not 'a b'/,
      () => {
        class Wrong {
          @KafkaListener('a b') public handle(): void {}
        }
        return Wrong;
      },
    ],
    [
      'a generator',
      /a generator does nothing/,
      () => {
        class Wrong {
          @KafkaListener('t') public *handle(): Generator {
            yield 1;
          }
        }
        return Wrong;
      },
    ],
    [
      'an unknown option',
      /has no option 'group'/,
      () => {
        class Wrong {
          @KafkaListener('t', { group: 'g' } as object) public handle(): void {}
        }
        return Wrong;
      },
    ],
    [
      'keys of a batch',
      /does not go with batch/,
      () => {
        class Wrong {
          @KafkaListener('t', { batch: true, concurrency: { unit: 'key', limit: 2 } }) public handle(): void {}
        }
        return Wrong;
      },
    ],
    [
      'a second pattern below',
      /another @KafkaListener/,
      () => {
        class Wrong {
          @KafkaListener('t') @EventPattern(['u']) public handle(): void {}
        }
        return Wrong;
      },
    ],
  ])('is refused for %s, naming the method', (_name, message, declare) => {
    const error = thrownBy(declare);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toMatch(/\.handle/);
  });

  it('is refused at the start on a provider, below another pattern, without a group, and with an id twice', async () => {
    @Injectable()
    class Provider {
      @KafkaListener('t')
      public handle(): void {}
    }
    @Controller()
    class Covered {
      @EventPattern(['u'])
      @KafkaListener('t')
      public handle(): void {}
    }
    @Controller()
    class Twice {
      @KafkaListener('t', { id: 'x' })
      public first(): void {}

      @KafkaListener('t', { id: 'x' })
      public second(): void {}
    }
    @Controller()
    class Plain {
      @KafkaListener('t')
      public handle(): void {}
    }
    await expect(startConsumerBench({ controllers: [], metadata: { providers: [Provider] } })).rejects.toThrow(
      /Provider\.handle: Provider is a provider/,
    );
    await expect(startConsumerBench({ controllers: [Covered] })).rejects.toThrow(/Covered\.handle has another pattern/);
    await expect(startConsumerBench({ controllers: [Twice] })).rejects.toThrow(
      /Twice\.second: there is a listener with the id 'x'/,
    );
    await expect(startConsumerBench({ controllers: [Plain], module: { consumer: {} } })).rejects.toThrow(
      /Plain\.handle has no group/,
    );
  });
});

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
    bench = await createConsumerBench({
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
    const { factory, testing } = await createConsumerBench({ controllers: [Orders] });
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

describe('KafkaListenerRegistry', () => {
  it('finds listeners by their ids, and passes on their events', async () => {
    @Controller()
    class Orders {
      @KafkaListener('orders', { id: 'mine' })
      public onOrder(): void {}
    }
    const { app, factory } = await start(Orders);
    const registry = app.get(KafkaListenerRegistry);
    const events: unknown[] = [];
    registry.events.subscribe((event) => events.push(event));
    factory.only.request.events({ type: 'paused', listenerId: 'mine' });
    expect(events).toEqual([{ type: 'paused', listenerId: 'mine' }]);
    expect(registry.get('mine').id).toBe('mine');
    expect(registry.listeners()).toHaveLength(1);
    expect(registry.status()).toMatchObject({
      listeners: [{ listenerId: 'mine' }],
      groups: { group: { state: 'stable' } },
    });
    expect(() => registry.get('other')).toThrow("There is no listener 'other'. There are mine.");
  });
});

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return null;
}
