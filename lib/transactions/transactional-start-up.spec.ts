import { Controller, Injectable, type MessageEvent, Sse } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { EMPTY, type Observable } from 'rxjs';
import {
  ConfigError,
  KafkaProducer,
  KafkaProducerModule,
  type KafkaProducerModuleOptions,
  Transactional,
  type TransactionalOptions,
} from '../index.js';
import { ProducerEngineFactory } from '../producer/producer-engine.factory.js';
import { FakeEngineFactory } from './spec-support/fake-engine-factory.js';

const CLIENT = { brokers: ['127.0.0.1:9092'], clientId: 'plain' };
const TRANSACTIONS = { transactionalIdPrefix: 't' };

describe('wrong use of @Transactional()', () => {
  const thrownBy = (declare: () => unknown): unknown => {
    try {
      declare();
    } catch (error) {
      return error;
    }
    return undefined;
  };

  describe('is refused when the class is declared', () => {
    const decorate = Transactional as (options?: unknown) => (...args: unknown[]) => void;

    it.each<[string, () => unknown, RegExp]>([
      [
        'on a getter',
        () => {
          class Orders {
            @Transactional()
            public get total(): number {
              return 1;
            }
          }
          return Orders;
        },
        /Orders\.total: .*not for accessors/,
      ],
      [
        'on a setter',
        () => {
          class Orders {
            @Transactional()
            public set total(_value: number) {
              // Never runs.
            }
          }
          return Orders;
        },
        /Orders\.total: .*not for accessors/,
      ],
      [
        'on a static method',
        () => {
          class Orders {
            @Transactional()
            public static place(): void {
              // Never runs.
            }
          }
          return Orders;
        },
        /Orders\.place: .*static/,
      ],
      [
        'on a property',
        () => {
          class Orders {
            @decorate()
            public place = (): void => undefined;
          }
          return Orders;
        },
        /Orders\.place: .*not for properties/,
      ],
      [
        'on a class',
        () => {
          @decorate()
          class Orders {}
          return Orders;
        },
        /Orders: .*not for a class/,
      ],
      [
        'without parentheses',
        () => {
          const bare = Transactional as unknown as MethodDecorator;
          class Orders {
            @bare
            public place(): void {
              // Never runs.
            }
          }
          return Orders;
        },
        /Orders\.place needs its parentheses/,
      ],
      [
        'on a generator',
        () => {
          class Orders {
            @Transactional()
            public async *stream(): AsyncGenerator<number> {
              yield await Promise.resolve(1);
            }
          }
          return Orders;
        },
        /Orders\.stream: a generator/,
      ],
      [
        'above @Sse()',
        () => {
          @Controller()
          class Orders {
            @Transactional()
            @Sse()
            public stream(): Observable<MessageEvent> {
              return EMPTY;
            }
          }
          return Orders;
        },
        /Orders\.stream: .*server-sent events/,
      ],
    ])('%s', (_where, declare, message) => {
      const error = thrownBy(declare);

      expect(error).toBeInstanceOf(ConfigError);
      expect(error).toMatchObject({ message: expect.stringMatching(message) as unknown });
    });

    it.each<[string, unknown]>([
      ['propagation', { propagation: 'NESTED' }],
      ['propagation', { propagation: 'ALWAYS' }],
      ['timeoutMs', { timeoutMs: 0 }],
      ['timeoutMs', { timeoutMs: '1s' }],
      ['commitOn', { commitOn: RangeError }],
      ['commitOn', { commitOn: ['RangeError'] }],
      ['producer', { producer: 5 }],
      ['timeout', { timeout: 5 }],
      ['options', null],
      ['options', 'audit'],
    ])('with a wrong %s (%#)', (setting, options) => {
      const error = thrownBy(() => {
        class Orders {
          @decorate(options)
          public place(): void {
            // Never runs.
          }
        }
        return Orders;
      });

      expect(error).toMatchObject({
        name: 'ConfigError',
        setting,
        message: expect.stringContaining('@Transactional() of Orders.place') as unknown,
      });
    });
  });

  describe('is refused at the start', () => {
    const build = (
      decorated: new (...args: never[]) => object,
      ...modules: KafkaProducerModuleOptions[]
    ): { factory: FakeEngineFactory; compile: () => Promise<TestingModule> } => {
      const factory = new FakeEngineFactory();
      const isController = Reflect.hasMetadata('path', decorated);
      const builder = Test.createTestingModule({
        imports: modules.map((options) => KafkaProducerModule.forRoot(options)),
        ...(isController ? { controllers: [decorated] } : { providers: [decorated] }),
      });
      return { factory, compile: () => builder.overrideProvider(ProducerEngineFactory).useValue(factory).compile() };
    };
    const failureOf = async (...args: Parameters<typeof build>): Promise<unknown> => {
      const { compile, factory } = build(...args);
      const module = await compile();
      const error: unknown = await module.init().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(factory.calls).toEqual([]);
      await module.close();
      return error;
    };
    const ordersWith = (options?: TransactionalOptions): new () => object => {
      @Injectable()
      class Orders {
        @Transactional(options)
        public place(): void {
          // Never runs.
        }
      }
      return Orders;
    };

    it('on an object that Nest injects nothing into', async () => {
      const Orders = ordersWith();
      const factory = new FakeEngineFactory();
      const module = await Test.createTestingModule({
        imports: [KafkaProducerModule.forRoot({ client: CLIENT, transactions: { transactionalIdPrefix: 't' } })],
        providers: [{ provide: 'orders', useFactory: () => new Orders() }],
      })
        .overrideProvider(ProducerEngineFactory)
        .useValue(factory)
        .compile();
      await expect(module.init()).rejects.toMatchObject({
        name: 'ConfigError',
        message: expect.stringMatching(/Orders\.place has no producer.*useFactory/) as unknown,
      });
      expect(factory.calls).toEqual([]);
      await module.close();
    });

    it('when the producer has no transactions, before anything connects', async () => {
      expect(await failureOf(ordersWith(), { client: CLIENT })).toMatchObject({
        name: 'ConfigError',
        setting: 'transactions',
        message: expect.stringMatching(
          /Orders\.place: the producer has no transactions.*transactionalIdPrefix/,
        ) as unknown,
      });
    });

    it('when the named producer has none, although the other has', async () => {
      const error = await failureOf(
        ordersWith({ producer: 'audit' }),
        { client: CLIENT, name: 'audit' },
        { client: CLIENT, transactions: TRANSACTIONS, isGlobal: false },
      );

      expect(error).toMatchObject({ message: expect.stringMatching(/Orders\.place: the producer 'audit'/) as unknown });
    });

    it('when its limit comes after that of the broker', async () => {
      const settings = { client: CLIENT, transactions: { ...TRANSACTIONS, timeoutMs: 10_000 } };

      expect(await failureOf(ordersWith({ timeoutMs: 9_001 }), settings)).toMatchObject({
        name: 'ConfigError',
        message: expect.stringMatching(/Orders\.place: timeoutMs is 9001, but may be 9000/) as unknown,
      });
    });

    it('when it is one of two on the method', async () => {
      @Injectable()
      class Orders {
        @Transactional()
        @Transactional({ producer: 'audit' })
        public place(): void {
          // Never runs.
        }
      }
      const audit = { client: CLIENT, name: 'audit' };

      expect(await failureOf(Orders, { client: CLIENT, transactions: TRANSACTIONS }, audit)).toMatchObject({
        message: expect.stringMatching(/Orders\.place: the producer 'audit'/) as unknown,
      });
    });

    it('below @Sse()', async () => {
      @Controller()
      class Orders {
        @Sse()
        @Transactional()
        public stream(): Observable<MessageEvent> {
          return EMPTY;
        }
      }

      expect(await failureOf(Orders, { client: CLIENT, transactions: TRANSACTIONS })).toMatchObject({
        message: expect.stringMatching(/Orders\.stream: .*server-sent events/) as unknown,
      });
    });

    it('in a class above the provider, too', async () => {
      @Injectable()
      class Special extends ordersWith() {}

      expect(await failureOf(Special, { client: CLIENT })).toMatchObject({
        message: expect.stringContaining('Special.place') as unknown,
      });
    });

    it('but not for a method that a subclass has replaced', async () => {
      @Injectable()
      class Special extends ordersWith() {
        public place(): void {
          // Needs no transaction.
        }
      }
      const { compile } = build(Special, { client: CLIENT });
      const module = await (await compile()).init();

      expect(module.get(Special)).toBeInstanceOf(Special);
      await module.close();
    });

    it('with a producer closed that a constructor had used before', async () => {
      @Injectable()
      class Early {
        public constructor(kafka: KafkaProducer) {
          kafka.emit({ topic: 'topic', value: 'early' });
        }

        @Transactional()
        public place(): void {
          // Never runs.
        }
      }
      const { compile, factory } = build(Early, { client: CLIENT });
      await expect((await compile()).init()).rejects.toBeInstanceOf(ConfigError);

      expect(factory.engine('plain').isClosed).toBe(true);
    });
  });
});
