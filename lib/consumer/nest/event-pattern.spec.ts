import {
  BadRequestException,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExecutionContext,
  type ExceptionFilter,
  type NestInterceptor,
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
  MessagePattern,
  Payload,
  RpcException,
  Transport,
} from '@nestjs/microservices';
import { jest } from '@jest/globals';
import { EMPTY, type Observable, of, Subject, throwError, timer } from 'rxjs';
import { map, mergeMap } from 'rxjs/operators';
import { KafkaContext } from './kafka-context.js';
import { startConsumerBench } from './spec-support/consumer-bench.js';
import { useConsumerBench } from './spec-support/use-consumer-bench.js';

const { start } = useConsumerBench();

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
