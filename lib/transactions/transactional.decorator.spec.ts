import {
  applyDecorators,
  type CallHandler,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  type INestApplication,
  Inject,
  Module,
  type NestInterceptor,
  Param,
  ParseIntPipe,
  Scope,
  SetMetadata,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type PipeTransform,
} from '@nestjs/common';
import { Reflector, REQUEST } from '@nestjs/core';
import { type CustomTransportStrategy, EventPattern, Payload, Server } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { concat, defer, EMPTY, finalize, from, lastValueFrom, type Observable, of, throwError, toArray } from 'rxjs';
import { KafkaProducer, KafkaProducerModule, KafkaTransactional, Transactional } from '../index.js';
import { ProducerEngineFactory } from '../producer/producer-engine.factory.js';
import { until } from '../wire/spec-support/until.js';
import { FakeEngineFactory } from './spec-support/fake-engine-factory.js';
import { deferred, expectNoUnhandledRejections, failureOf } from './spec-support/transaction-bench.js';

const CLIENT = { brokers: ['127.0.0.1:9092'], clientId: 'plain' };
const record = (value: string) => ({ topic: 'topic', value });

/** Hands events straight to their handlers, as Nest has wrapped them. */
class DirectTransport extends Server implements CustomTransportStrategy {
  public listen(callback: () => void): void {
    callback();
  }

  public close(): void {
    // Nothing is open.
  }

  public on(): void {
    // Has no events.
  }

  public unwrap(): never {
    throw new Error('There is nothing beneath.');
  }

  public async emit(pattern: string, data: unknown): Promise<unknown> {
    const handled: unknown = await this.getHandlerByPattern(pattern)?.(data);
    return lastValueFrom(this.transformToObservable(handled), { defaultValue: undefined });
  }
}

describe('@Transactional()', () => {
  expectNoUnhandledRejections();
  let factory: FakeEngineFactory;
  let app: INestApplication | undefined;

  beforeEach(() => {
    factory = new FakeEngineFactory();
  });

  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  async function start(
    parts: {
      providers?: NonNullable<Parameters<typeof Test.createTestingModule>[0]['providers']>;
      controllers?: (new (...args: never[]) => object)[];
    },
    imports = [KafkaProducerModule.forRoot({ client: CLIENT, transactions: { transactionalIdPrefix: 't' } })],
    engines = factory,
  ): Promise<INestApplication> {
    const module = await Test.createTestingModule({ imports, ...parts })
      .overrideProvider(ProducerEngineFactory)
      .useValue(engines)
      .compile();
    return module.createNestApplication({ logger: false }).init();
  }

  /** An instance of the class, in an application of its own. */
  async function make<T extends object>(type: new (...args: never[]) => T): Promise<T> {
    app = await start({ providers: [type] });
    return app.get(type);
  }

  describe('on a method of a provider', () => {
    @Injectable()
    class Orders {
      public constructor(private readonly kafka: KafkaProducer) {}

      @Transactional()
      public async place(value: string, fails = false): Promise<string> {
        await this.kafka.send(record(value));
        if (fails) throw new RangeError(value);
        return `placed ${value}`;
      }

      @KafkaTransactional({ propagation: 'REQUIRES_NEW', commitOn: [RangeError], timeoutMs: 50 })
      public async apart(value: string, fails = false): Promise<string> {
        return this.place(value, fails);
      }

      @Transactional()
      public placeTwo(first: string, second: string): Promise<string[]> {
        return Promise.all([this.place(first), this.place(second)]);
      }

      @Transactional()
      public now(): number {
        return 7;
      }

      @Transactional({ timeoutMs: 20 })
      public slow(): Promise<void> {
        return new Promise(() => undefined);
      }
    }

    it('commits and gives the result, with what other decorated methods send', async () => {
      const orders = await make(Orders);

      await expect(orders.placeTwo('1', '2')).resolves.toEqual(['placed 1', 'placed 2']);
      expect(factory.takeCalls()).toEqual(['t0 begin', 't0 send 1', 't0 send 2', 't0 commit']);
    });

    it('aborts and rethrows', async () => {
      const orders = await make(Orders);

      await expect(orders.place('1', true)).rejects.toBeInstanceOf(RangeError);
      expect(factory.takeCalls()).toEqual(['t0 begin', 't0 send 1', 't0 abort']);
    });

    it('takes the options of a transaction', async () => {
      const orders = await make(Orders);

      // The joined call has no commitOn of its own, so its error still aborts.
      await expect(orders.apart('1', true)).rejects.toMatchObject({ name: 'TransactionAbortedError' });
      await expect(orders.slow()).rejects.toMatchObject({ name: 'TransactionTimeoutError' });
    });

    it('makes a promise even of a method without one', async () => {
      const orders = await make(Orders);
      const result: unknown = orders.now();

      expect(result).toBeInstanceOf(Promise);
      await expect(result).resolves.toBe(7);
    });

    it('keeps name and length', () => {
      expect([Orders.prototype.place.name, Orders.prototype.placeTwo.length]).toEqual(['place', 2]);
    });

    it('says which class was not made by Nest', async () => {
      const kafka: unknown = undefined;
      const orders = new Orders(kafka as KafkaProducer);

      await expect(orders.place('1')).rejects.toMatchObject({
        name: 'ConfigError',
        message: expect.stringMatching(/Orders\.place.*not made by Nest's injector/) as unknown,
      });
      const { place } = orders;
      await expect(Reflect.apply(place, undefined, ['1'])).rejects.toThrow(/Orders\.place.*called without its object/);
    });

    it('works in a subclass, which may decorate as well', async () => {
      @Injectable()
      class SpecialOrders extends Orders {
        @Transactional({ propagation: 'MANDATORY' })
        public override now(): number {
          return 8;
        }

        @Transactional()
        public async both(): Promise<number> {
          await this.place('1');
          return this.now();
        }
      }
      const orders = await make(SpecialOrders);

      await expect(orders.both()).resolves.toBe(8);
      expect(factory.takeCalls()).toEqual(['t0 begin', 't0 send 1', 't0 commit']);
    });

    it('works in a request-scoped provider, on its own instance', async () => {
      @Injectable({ scope: Scope.REQUEST })
      class Scoped {
        public constructor(
          private readonly kafka: KafkaProducer,
          @Inject(REQUEST) private readonly request: { url: string },
        ) {}

        @Transactional()
        public async place(): Promise<string> {
          await this.kafka.send(record(this.request.url));
          return this.request.url;
        }
      }
      @Controller()
      class ScopedController {
        public constructor(private readonly scoped: Scoped) {}

        @Get('scoped/:id')
        public place(): Promise<string> {
          return this.scoped.place();
        }
      }
      app = await start({ controllers: [ScopedController], providers: [Scoped] });
      await app.listen(0, '127.0.0.1');
      const bodies = await Promise.all(
        ['1', '2'].map(async (id) => (await fetch(`${await app?.getUrl()}/scoped/${id}`)).text()),
      );

      expect(bodies).toEqual(['/scoped/1', '/scoped/2']);
      expect(factory.takeCalls()).toEqual(expect.arrayContaining(['t0 commit']));
    });

    it('gives each of two applications in one process its own producer', async () => {
      const others = new FakeEngineFactory();
      const orders = await make(Orders);
      const other = await start({ providers: [Orders] }, undefined, others);
      await Promise.all([orders.place('1'), other.get(Orders).place('2')]);
      await other.close();

      expect(factory.takeCalls()).toEqual(['t0 begin', 't0 send 1', 't0 commit']);
      expect(others.takeCalls().slice(0, 3)).toEqual(['t0 begin', 't0 send 2', 't0 commit']);
    });
  });

  it('uses the producer that it names', async () => {
    @Injectable()
    class Audit {
      public constructor(@Inject('KafkaProducer:audit') private readonly audit: KafkaProducer) {}

      @Transactional({ producer: 'audit' })
      public async note(value: string): Promise<void> {
        await this.audit.send(record(value));
      }
    }
    app = await start({ providers: [Audit] }, [
      KafkaProducerModule.forRoot({ client: CLIENT }),
      KafkaProducerModule.forRoot({ name: 'audit', client: CLIENT, transactions: { transactionalIdPrefix: 'a' } }),
    ]);
    await app.get(Audit).note('1');

    expect(factory.takeCalls()).toEqual(['a0 begin', 'a0 send 1', 'a0 commit']);
  });

  it('runs in transactions of two producers when it is there twice', async () => {
    @Injectable()
    class Both {
      public constructor(
        private readonly main: KafkaProducer,
        @Inject('KafkaProducer:audit') private readonly audit: KafkaProducer,
      ) {}

      @Transactional()
      @Transactional({ producer: 'audit' })
      public async place(): Promise<void> {
        await Promise.all([this.main.send(record('1')), this.audit.send(record('2'))]);
      }
    }
    app = await start({ providers: [Both] }, [
      KafkaProducerModule.forRoot({ client: CLIENT, transactions: { transactionalIdPrefix: 't' } }),
      KafkaProducerModule.forRoot({ name: 'audit', client: CLIENT, transactions: { transactionalIdPrefix: 'a' } }),
    ]);
    await app.get(Both).place();

    expect(factory.takeCalls()).toEqual(['t0 begin', 'a0 begin', 't0 send 1', 'a0 send 2', 'a0 commit', 't0 commit']);
  });

  describe('with Observables', () => {
    const log: string[] = [];

    @Injectable()
    class Streams {
      public constructor(private readonly kafka: KafkaProducer) {}

      @Transactional()
      public cold(...values: string[]): Observable<string> {
        return defer(() => from(values.map((value) => this.sent(value)))).pipe(finalize(() => log.push('over')));
      }

      @Transactional()
      public async promised(): Promise<Observable<string>> {
        return of(this.sent('promised'));
      }

      @Transactional()
      public empty(): Observable<string> {
        return defer(() => {
          this.sent('empty');
          return EMPTY;
        });
      }

      @Transactional()
      public failing(): Observable<string> {
        return concat(
          defer(() => of(this.sent('1'))),
          throwError(() => new RangeError('stream')),
        );
      }

      @Transactional({ timeoutMs: 20 })
      public endless(): Observable<string> {
        return concat(of('1'), new Promise<string>(() => undefined)).pipe(finalize(() => log.push('over')));
      }

      private sent(value: string): string {
        this.kafka.emit(record(value));
        return value;
      }
    }

    const resultOf = async (returned: unknown): Promise<Observable<unknown>> => (await returned) as Observable<unknown>;

    beforeEach(() => {
      log.length = 0;
    });

    it('runs a cold one inside, commits when it is complete, and then hands its values on', async () => {
      const streams = await make(Streams);
      const result = await resultOf(streams.cold('1', '2'));
      expect(factory.takeCalls()).toEqual(['t0 begin', 't0 send 1', 't0 send 2', 't0 commit']);

      await expect(lastValueFrom(result.pipe(toArray()))).resolves.toEqual(['1', '2']);
      await expect(lastValueFrom(result.pipe(toArray()))).resolves.toEqual(['1', '2']);
      expect(log).toEqual(['over']);
      expect(factory.takeCalls()).toEqual([]);
    });

    it('commits however much of the values is taken', async () => {
      const streams = await make(Streams);
      (await resultOf(streams.cold('1', '2'))).subscribe().unsubscribe();

      expect(factory.takeCalls().at(-1)).toBe('t0 commit');
    });

    it('takes one out of a promise, too', async () => {
      const streams = await make(Streams);
      const result = await resultOf(streams.promised());

      await expect(lastValueFrom(result)).resolves.toBe('promised');
      expect(factory.takeCalls()).toEqual(['t0 begin', 't0 send promised', 't0 commit']);
    });

    it('commits an empty one', async () => {
      const streams = await make(Streams);
      const result = await resultOf(streams.empty());

      await expect(lastValueFrom(result, { defaultValue: 'nothing' })).resolves.toBe('nothing');
      expect(factory.takeCalls()).toEqual(['t0 begin', 't0 send empty', 't0 commit']);
    });

    it('aborts one that fails', async () => {
      const streams = await make(Streams);

      await expect(resultOf(streams.failing())).rejects.toBeInstanceOf(RangeError);
      expect(factory.takeCalls()).toEqual(['t0 begin', 't0 send 1', 't0 abort']);
    });

    it('unsubscribes from one that takes too long', async () => {
      const streams = await make(Streams);

      await expect(resultOf(streams.endless())).rejects.toMatchObject({ name: 'TransactionTimeoutError' });
      expect(log).toEqual(['over']);
    });
  });

  describe('among other decorators', () => {
    const events: string[] = [];

    @Injectable()
    class Guard implements CanActivate {
      public constructor(
        private readonly kafka: KafkaProducer,
        private readonly reflector: Reflector,
      ) {}

      public canActivate(context: ExecutionContext): boolean {
        const role: unknown = this.reflector.get('role', context.getHandler());
        events.push(`guard ${String(role)} ${this.kafka.currentTransaction() === null ? 'outside' : 'inside'}`);
        return true;
      }
    }
    @Injectable()
    class Around implements NestInterceptor {
      public constructor(private readonly kafka: KafkaProducer) {}

      public intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
        const state = () => (this.kafka.currentTransaction() === null ? 'outside' : 'inside');
        events.push(`before ${context.getHandler().name} ${state()}`);
        return next.handle().pipe(finalize(() => events.push(`after ${state()}, ${factory.calls.at(-1)}`)));
      }
    }
    @Injectable()
    class Pipe implements PipeTransform {
      public constructor(private readonly kafka: KafkaProducer) {}

      public transform(value: unknown): unknown {
        events.push(`pipe ${this.kafka.currentTransaction() === null ? 'outside' : 'inside'}`);
        return value;
      }
    }

    /** As `@nestjs/swagger` and others do: metadata on the function. */
    const others = () =>
      applyDecorators(SetMetadata('role', 'admin'), UseGuards(Guard), UseInterceptors(Around), UsePipes(Pipe));

    abstract class Base {
      public constructor(protected readonly kafka: KafkaProducer) {}

      protected async store(value: unknown): Promise<string> {
        await this.kafka.send(record(String(value)));
        if (value === 13) throw new Error('unlucky');
        return `stored ${String(value)}`;
      }
    }

    @Controller('above')
    class Above extends Base {
      public constructor(kafka: KafkaProducer) {
        super(kafka);
      }

      @Transactional()
      @Get(':id')
      @others()
      public get(@Param('id', ParseIntPipe) id: number): Promise<string> {
        return this.store(id);
      }

      @Transactional()
      @EventPattern('above')
      @others()
      public handle(@Payload() id: number): Promise<string> {
        return this.store(id);
      }
    }

    @Controller('below')
    class Below extends Base {
      public constructor(kafka: KafkaProducer) {
        super(kafka);
      }

      @Get(':id')
      @others()
      @Transactional()
      public get(@Param('id', ParseIntPipe) id: number): Promise<string> {
        return this.store(id);
      }

      @EventPattern('below')
      @others()
      @Transactional()
      public handle(@Payload() id: number): Promise<string> {
        return this.store(id);
      }
    }

    let transport: DirectTransport;

    beforeEach(async () => {
      events.length = 0;
      transport = new DirectTransport();
      app = await start({ controllers: [Above, Below], providers: [Guard, Around, Pipe] });
      app.connectMicroservice({ strategy: transport });
      await app.startAllMicroservices();
      await app.listen(0, '127.0.0.1');
    });

    const around = (handler: string, end: string, pipes: number): string[] => [
      'guard admin outside',
      `before ${handler} outside`,
      ...Array.from({ length: pipes }, () => 'pipe outside'),
      `after outside, t0 ${end}`,
    ];

    it.each(['above', 'below'])('serves HTTP with guards, pipes, parameters and interceptors: %s', async (where) => {
      const response = await fetch(`${await app?.getUrl()}/${where}/12`);

      expect([response.status, await response.text()]).toEqual([200, 'stored 12']);
      expect(factory.takeCalls()).toEqual(['t0 begin', 't0 send 12', 't0 commit']);
      expect(events).toEqual(around('get', 'commit', 1));
    });

    it.each(['above', 'below'])('aborts before the exception filter answers: %s', async (where) => {
      const response = await fetch(`${await app?.getUrl()}/${where}/13`);

      expect(response.status).toBe(500);
      expect(factory.takeCalls()).toEqual(['t0 begin', 't0 send 13', 't0 abort']);
      expect(events).toEqual(around('get', 'abort', 1));
    });

    it.each(['above', 'below'])('serves events: %s', async (where) => {
      await expect(transport.emit(where, 12)).resolves.toBe('stored 12');
      expect(factory.takeCalls()).toEqual(['t0 begin', 't0 send 12', 't0 commit']);
      expect(events).toEqual(around('handle', 'commit', 1));
    });

    it('begins nothing when a pipe refuses', async () => {
      const response = await fetch(`${await app?.getUrl()}/above/twelve`);

      expect(response.status).toBe(400);
      expect(factory.takeCalls()).toEqual([]);
    });
  });

  describe('at the shutdown', () => {
    it('aborts what runs, and closes its producers before the one outside of transactions', async () => {
      const { promise: started, resolve } = deferred();
      @Injectable()
      class Slow {
        @Transactional()
        public async work(): Promise<void> {
          resolve();
          await new Promise(() => undefined);
        }
      }
      const slow = await make(Slow);
      const failure = failureOf(slow.work());
      await started;
      await app?.close();

      expect(await failure).toMatchObject({ cause: { name: 'ProducerClosedError' } });
      expect(factory.takeCalls()).toEqual(['t0 begin', 't0 abort', 't0 close', 'plain close']);
    });

    it('lets a hook after the abort send outside of the transaction', async () => {
      @Injectable()
      class Slow {
        public constructor(private readonly kafka: KafkaProducer) {}

        @Transactional()
        public work(): Promise<void> {
          this.kafka.currentTransaction()?.afterAbort(() => this.kafka.emit(record('aborted')));
          return new Promise(() => undefined);
        }
      }
      const slow = await make(Slow);
      const failure = failureOf(slow.work());
      await until(() => factory.calls.includes('t0 begin'));
      await app?.close();

      expect(await failure).toMatchObject({ name: 'TransactionAbortedError' });
      expect(factory.takeCalls()).toEqual(['t0 begin', 't0 abort', 'plain send aborted', 't0 close', 'plain close']);
    });
  });

  it('needs the module, and Nest says for which class', async () => {
    @Injectable()
    class Orders {
      @Transactional()
      public place(): void {
        // Never runs.
      }
    }
    @Module({ providers: [Orders] })
    class OrdersModule {}

    await expect(Test.createTestingModule({ imports: [OrdersModule] }).compile()).rejects.toThrow(
      /Orders.*KafkaProducer/s,
    );
  });
});
