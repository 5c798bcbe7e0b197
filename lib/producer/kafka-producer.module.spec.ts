import { Global, Inject, Injectable, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Test, type TestingModule, type TestingModuleBuilder } from '@nestjs/testing';
import { jest } from '@jest/globals';
import { inspect } from 'node:util';
import {
  BrokerUnavailableError,
  ConfigError,
  InjectKafkaProducer,
  KafkaProducer,
  KafkaProducerModule,
  type KafkaProducerConfiguration,
  type KafkaProducerOptionsFactory,
  type PartitionContext,
  type Partitioner,
  type ProducerInterceptor,
  type ProducerOptions,
  type ProducerRecord,
  type RecordMetadata,
  ReservedKeyPartitioner,
  RoundRobinPartitioner,
  type Serializer,
  DefaultPartitioner,
  getKafkaProducerToken,
} from '../index.js';
import type { DeliveryCallback } from './record.js';
import type { ProducerEngineApi, ProducerEngineDependencies, ProducerStatus } from './producer-engine-api.js';
import { ProducerEngineFactory } from './producer-engine.factory.js';
import { runningStatus } from './spec-support/running-status.js';

const CLIENT = { brokers: ['127.0.0.1:9092'] };
const metadata = { topic: 't', partition: 0, offset: '1', timestamp: 0, serializedKeySize: -1, serializedValueSize: 1 };

/** Notes what is asked of it; settles every record at once. */
class RecordingEngine implements ProducerEngineApi {
  public readonly sent: ProducerRecord[] = [];

  public constructor(
    public readonly dependencies: ProducerEngineDependencies,
    private readonly log: string[],
    private readonly startError: Error | null,
  ) {}

  public start(): Promise<void> {
    this.log.push(`start ${this.dependencies.config.clientId}`);
    return this.startError === null ? Promise.resolve() : Promise.reject(this.startError);
  }

  public send(record: ProducerRecord): Promise<RecordMetadata> {
    this.sent.push(record);
    return Promise.resolve(metadata);
  }

  public sendWithCallback(record: ProducerRecord, callback: DeliveryCallback): void {
    this.sent.push(record);
    callback(null, metadata);
  }

  public flush(): Promise<void> {
    return Promise.resolve();
  }

  public close(timeoutMs: number): Promise<void> {
    this.log.push(`close ${this.dependencies.config.clientId} ${timeoutMs}`);
    return Promise.resolve();
  }

  public partitionsFor(): Promise<[]> {
    return Promise.resolve([]);
  }

  public status(): ProducerStatus {
    return runningStatus();
  }

  public topicsInUse(): [] {
    return [];
  }

  public describeTopics(): Promise<[]> {
    return Promise.resolve([]);
  }

  public metrics(): Record<string, number> {
    return {};
  }
}

class RecordingEngineFactory {
  public readonly engines: RecordingEngine[] = [];
  public readonly log: string[] = [];
  public startError: Error | null = null;

  public create(dependencies: ProducerEngineDependencies): RecordingEngine {
    const engine = new RecordingEngine(dependencies, this.log, this.startError);
    this.engines.push(engine);
    return engine;
  }

  /** The engine of the producer with that client id. */
  public of(clientId: string): RecordingEngine {
    const engine = this.engines.find((candidate) => candidate.dependencies.config.clientId === clientId);
    if (engine === undefined) throw new Error(`no engine for ${clientId}`);
    return engine;
  }
}

describe('KafkaProducerModule', () => {
  let factory: RecordingEngineFactory;
  let app: TestingModule | undefined;

  beforeEach(() => {
    factory = new RecordingEngineFactory();
  });

  afterEach(async () => {
    await app?.close();
    app = undefined;
    jest.restoreAllMocks();
  });

  const build = (
    imports: NonNullable<Parameters<typeof Test.createTestingModule>[0]['imports']>,
    providers: Parameters<typeof Test.createTestingModule>[0]['providers'] = [],
  ): TestingModuleBuilder =>
    Test.createTestingModule({ imports, providers }).overrideProvider(ProducerEngineFactory).useValue(factory);

  async function start(...args: Parameters<typeof build>): Promise<TestingModule> {
    app = await (await build(...args).compile()).init();
    return app;
  }

  /** The one engine of a module with these settings. */
  async function engineWith(producer: ProducerOptions, rest: object = {}): Promise<RecordingEngine> {
    await start([KafkaProducerModule.forRoot({ client: CLIENT, producer, ...rest })]);
    const [engine] = factory.engines;
    if (engine === undefined) throw new Error('no engine was made');
    return engine;
  }

  describe('forRoot', () => {
    it('makes the unnamed producer injectable by its class in every module, and sends through the engine', async () => {
      @Injectable()
      class Orders {
        public constructor(public readonly kafka: KafkaProducer) {}
      }
      @Module({ providers: [Orders], exports: [Orders] })
      class OrdersModule {}
      const module = await start([
        KafkaProducerModule.forRoot({ client: { ...CLIENT, clientId: 'orders' } }),
        OrdersModule,
      ]);
      const { kafka } = module.get(Orders);

      await expect(kafka.send({ topic: 't', value: 'v' })).resolves.toEqual(metadata);
      expect(factory.of('orders').sent).toEqual([{ topic: 't', value: 'v' }]);
      expect(getKafkaProducerToken()).toBe(KafkaProducer);
    });

    it('keeps named producers apart', async () => {
      @Injectable()
      class Service {
        public constructor(
          public readonly main: KafkaProducer,
          @InjectKafkaProducer('audit') public readonly audit: KafkaProducer,
        ) {}
      }
      const module = await start(
        [
          KafkaProducerModule.forRoot({ client: { ...CLIENT, clientId: 'main' } }),
          KafkaProducerModule.forRoot({ name: 'audit', client: { ...CLIENT, clientId: 'audit' } }),
        ],
        [Service],
      );
      const { main, audit } = module.get(Service);
      await audit.send({ topic: 'audit', value: 'v' });

      expect(main).not.toBe(audit);
      expect(factory.of('main').sent).toEqual([]);
      expect(factory.of('audit').sent).toHaveLength(1);
      expect(module.get(getKafkaProducerToken('audit'))).toBe(audit);
    });

    it('stays inside its importers with isGlobal: false', async () => {
      @Injectable()
      class Outside {
        public constructor(public readonly kafka: KafkaProducer) {}
      }
      @Module({ imports: [KafkaProducerModule.forRoot({ client: CLIENT, isGlobal: false })] })
      class Inner {}

      await expect(build([Inner], [Outside]).compile()).rejects.toThrow(/KafkaProducer/);
    });

    it('tolerates two registrations of the same producer', async () => {
      const module = await start([
        KafkaProducerModule.forRoot({ client: { ...CLIENT, clientId: 'one' } }),
        KafkaProducerModule.forRoot({ client: { ...CLIENT, clientId: 'two' } }),
      ]);
      await module.get(KafkaProducer, { strict: false }).send({ topic: 't', value: 'v' });

      expect(factory.engines).toHaveLength(2);
      expect(factory.engines.flatMap((engine) => engine.sent)).toHaveLength(1);
    });

    it('gives two applications in one process a producer each', async () => {
      const dynamicModule = KafkaProducerModule.forRoot({ client: CLIENT });
      const first = await start([dynamicModule]);
      const second = await (await build([dynamicModule]).compile()).init();
      const producers = [first, second].map((module) => module.get(KafkaProducer, { strict: false }));
      await second.close();

      expect(producers[0]).not.toBe(producers[1]);
      expect(factory.log.filter((line) => line.startsWith('close'))).toHaveLength(1);
    });
  });

  describe('forRootAsync', () => {
    const settings: KafkaProducerConfiguration = {
      client: { ...CLIENT, clientId: 'async' },
      producer: { lingerMs: 7 },
    };

    @Injectable()
    class Settings implements KafkaProducerOptionsFactory {
      public createKafkaProducerOptions(): Promise<KafkaProducerConfiguration> {
        return Promise.resolve(settings);
      }
    }
    @Module({ providers: [Settings], exports: [Settings] })
    class SettingsModule {}

    it.each([
      [
        'useFactory with inject',
        {
          imports: [SettingsModule],
          inject: [Settings],
          useFactory: (given: Settings) => given.createKafkaProducerOptions(),
        },
      ],
      ['a synchronous useFactory', { useFactory: () => settings }],
      ['useClass', { useClass: Settings }],
      ['useExisting', { imports: [SettingsModule], useExisting: Settings }],
    ])('takes its options from %s', async (_name, options) => {
      const module = await start([KafkaProducerModule.forRootAsync({ ...options, name: 'late' })]);
      await module
        .get<KafkaProducer>(getKafkaProducerToken('late'), { strict: false })
        .send({ topic: 't', value: 'v' });

      expect(factory.of('async').dependencies.config.lingerMs).toBe(7);
      expect(factory.of('async').sent).toHaveLength(1);
    });

    it('is refused without a way to get options', () => {
      expect(() => KafkaProducerModule.forRootAsync({})).toThrow(ConfigError);
    });

    it('says that name stands beside the factory', async () => {
      const wrong = { ...settings, name: 'audit' };

      await expect(build([KafkaProducerModule.forRootAsync({ useFactory: () => wrong })]).compile()).rejects.toThrow(
        /'name' is given to forRootAsync itself/,
      );
    });
  });

  describe('parts', () => {
    @Injectable()
    class Customers {
      public readonly vip = 'VIP';
    }
    @Module({ providers: [Customers], exports: [Customers] })
    class CustomersModule {}
    @Injectable()
    class VipPartitioner extends ReservedKeyPartitioner {
      public constructor(@Inject(Customers) customers: Customers) {
        super({ [customers.vip]: 3 });
      }
    }
    const context: PartitionContext = {
      topic: 't',
      key: 'VIP',
      keyBytes: Buffer.from('VIP'),
      value: 'v',
      cluster: { partitionCount: () => 6, partitions: () => [], availablePartitions: () => [] },
    };

    it.each([
      ['an imported module', { imports: [CustomersModule] }],
      ['a provider of its own', { extraProviders: [Customers] }],
    ])('makes a partitioner class with what %s provides', async (_name, extras) => {
      const engine = await engineWith({ partitioner: VipPartitioner }, extras);

      expect(engine.dependencies.partitioner?.partition(context)).toBe(3);
    });

    it('says which class could not be made, and the way out', async () => {
      const error: unknown = await engineWith({ partitioner: VipPartitioner }).catch((thrown: unknown) => thrown);

      expect(error).toBeInstanceOf(ConfigError);
      expect((error as ConfigError).message).toMatch(
        /partitioner: VipPartitioner could not be made.*imports of KafkaProducerModule/s,
      );
    });

    it('keeps the error of a part that refuses its own settings', async () => {
      await expect(engineWith({ partitioner: ReservedKeyPartitioner as never })).rejects.toThrow(/was given no keys/);
    });

    it('leaves the choice to the engine for no partitioner and for DefaultPartitioner', async () => {
      expect((await engineWith({})).dependencies.partitioner).toBeNull();
      expect((await engineWith({ partitioner: DefaultPartitioner })).dependencies.partitioner).toBeNull();
    });

    it('uses instances as they are', async () => {
      const partitioner = new RoundRobinPartitioner();
      const valueSerializer: Serializer = { serialize: () => 'x' };
      const interceptor: ProducerInterceptor = { onSend: (record) => record };
      const { dependencies } = await engineWith({ partitioner, valueSerializer, interceptors: [interceptor] });

      expect(dependencies).toMatchObject({ partitioner, valueSerializer });
      expect(dependencies.interceptors[0]).toBe(interceptor);
    });

    it('makes serializers by name and by class, with defaults for none', async () => {
      const { dependencies } = await engineWith({ keySerializer: 'int32' });

      expect(dependencies.keySerializer.serialize('t', 1)).toEqual(Buffer.from([0, 0, 0, 1]));
      expect(dependencies.valueSerializer.serialize('t', { a: 1 })).toBe('{"a":1}');
    });

    it('lets an interceptor inject the very producer it belongs to', async () => {
      @Injectable()
      class Audit implements ProducerInterceptor {
        public constructor(public readonly kafka: KafkaProducer) {}
        public onAcknowledgement(): void {
          this.kafka.emit({ topic: 'audit', value: 'v' });
        }
      }
      const { dependencies, sent } = await engineWith({ interceptors: [Audit] });
      dependencies.interceptors[0]?.onAcknowledgement?.(metadata, null);

      expect(sent).toEqual([{ topic: 'audit', value: 'v' }]);
    });

    const arrow = (): Partitioner => ({ partition: () => 0 });
    it.each([
      ['partitioner', { partitioner: {} }],
      ['partitioner', { partitioner: arrow }],
      ['partitioner', { partitioner: 'RoundRobinPartitioner' }],
      ['keySerializer', { keySerializer: 'text' }],
      ['keySerializer', { keySerializer: null }],
      ['valueSerializer', { valueSerializer: class Empty {} }],
      ['interceptors', { interceptors: {} }],
      ['interceptors', { interceptors: [{}] }],
    ])('refuses a wrong %s (%#)', async (setting, producer) => {
      await expect(engineWith(producer as never)).rejects.toMatchObject({ name: 'ConfigError', setting });
    });
  });

  describe('options', () => {
    const refused = async (options: unknown): Promise<ConfigError> => {
      const error: unknown = await (async () =>
        build([KafkaProducerModule.forRoot(options as never)]).compile())().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ConfigError);
      expect(inspect(error)).not.toContain('hunter2');
      return error as ConfigError;
    };

    it.each([
      ['client', undefined],
      ['forRoot', null],
      ['client', {}],
      ['client.brokers', { client: {} }],
      ['client.brokers', { client: { brokers: [] } }],
      ['client.brokers', { client: { brokers: ['localhost'] } }],
      ['client.brokers', { client: { brokers: ['a:99999'] } }],
      ['client.brokers', { client: { brokers: 'a:9092' } }],
      ['client.clientId', { client: { ...CLIENT, clientId: 5 } }],
      ['client.broker', { client: { ...CLIENT, broker: 'a:9092' } }],
      ['client.ssl', { client: { ...CLIENT, ssl: 'yes' } }],
      ['client.sasl.mechanism', { client: { ...CLIENT, sasl: { username: 'alice', password: 'hunter2' } } }],
      [
        'client.sasl.password',
        { client: { ...CLIENT, sasl: { mechanism: 'plain', username: 'alice', password: undefined } } },
      ],
      [
        'client.sasl.username',
        { client: { ...CLIENT, sasl: { mechanism: 'SCRAM-SHA-512', username: '', password: 'hunter2' } } },
      ],
      ['client.connectionTimeout', { client: { ...CLIENT, connectionTimeout: -1 } }],
      ['lingerMs', { client: CLIENT, lingerMs: 5 }],
      ['transactions.transactionalIdPrefix', { client: CLIENT, transactions: {} }],
      ['closeTimeoutMs', { client: CLIENT, closeTimeoutMs: -1 }],
      ['startTimeoutMs', { client: CLIENT, startTimeoutMs: '30s' }],
      ['deliveryTimeoutMs', { client: CLIENT, producer: { deliveryTimeoutMs: 1 } }],
    ])('refuses a wrong %s before anything starts (%#)', async (setting, options) => {
      const error = await refused(options);

      if (options !== undefined) expect(error.setting).toBe(setting);
      expect(factory.engines).toEqual([]);
    });

    it('hands the checked settings to the engine', async () => {
      const { dependencies } = await engineWith(
        { lingerMs: 9 },
        { client: { ...CLIENT, connectionTimeout: 3000 }, startTimeoutMs: 5 },
      );

      expect(dependencies.config).toMatchObject({
        lingerMs: 9,
        socketConnectionSetupTimeoutMs: 3000,
        startTimeoutMs: 5,
      });
      expect(dependencies.client.brokers).toEqual(['127.0.0.1:9092']);
    });

    it("logs warnings and infos through Nest's logger, named after the producer", async () => {
      const lines: unknown[][] = [];
      const note =
        (level: string) =>
        (...args: unknown[]): void =>
          void lines.push([level, ...args]);
      const audit = KafkaProducerModule.forRoot({
        name: 'audit',
        client: { ...CLIENT, retry: { retries: 3 } } as never,
        producer: { acks: 1, sendBufferBytes: 1 },
      });
      const logger = { log: note('log'), warn: note('warn'), error: note('error'), debug: note('debug') };
      app = await (await build([audit]).setLogger(logger).compile()).init();
      factory.engines[0]?.dependencies.log.debug('from the engine');

      expect(lines.filter((line) => line.at(-1) === 'KafkaProducer:audit')).toEqual([
        ['log', expect.stringContaining('Idempotence is off'), 'KafkaProducer:audit'],
        ['warn', expect.stringContaining('client.retry is ignored'), 'KafkaProducer:audit'],
        ['warn', expect.stringContaining('sendBufferBytes is ignored'), 'KafkaProducer:audit'],
        ['debug', 'from the engine', 'KafkaProducer:audit'],
      ]);
    });
  });

  describe('start and shutdown', () => {
    it("starts with the application, not before, and closes with the module's time limit", async () => {
      const module = await build([
        KafkaProducerModule.forRoot({ client: { ...CLIENT, clientId: 'a' }, closeTimeoutMs: 1234 }),
      ]).compile();
      expect(factory.log).toEqual([]);

      await module.init();
      expect(factory.log).toEqual(['start a']);

      await module.close();
      await module.close();
      expect(factory.log).toEqual(['start a', 'close a 1234']);
    });

    it('starts nothing for a producer that a test has replaced', async () => {
      const replaced = new Map();
      app = await (
        await build([KafkaProducerModule.forRoot({ client: CLIENT })])
          .overrideProvider(KafkaProducer)
          .useValue(replaced)
          .compile()
      ).init();

      expect(app.get(KafkaProducer, { strict: false })).toBe(replaced);
      expect(factory.engines).toEqual([]);
    });

    it('closes after 30 s at the most by default', async () => {
      await engineWith({}, { client: { ...CLIENT, clientId: 'a' } });
      await app?.close();

      expect(factory.log).toEqual(['start a', 'close a 30000']);
    });

    it('starts before, and closes after, every module that uses it', async () => {
      const { log } = factory;
      @Injectable()
      class Orders implements OnModuleInit, OnApplicationShutdown {
        public constructor(private readonly kafka: KafkaProducer) {}
        public async onModuleInit(): Promise<void> {
          await this.kafka.send({ topic: 't', value: 'first' });
          log.push('orders init');
        }
        public async onApplicationShutdown(): Promise<void> {
          await this.kafka.send({ topic: 't', value: 'last' });
          log.push('orders shutdown');
        }
      }
      @Module({ providers: [Orders] })
      class OrdersModule {}
      @Module({ imports: [OrdersModule, KafkaProducerModule.forRoot({ client: { ...CLIENT, clientId: 'a' } })] })
      class FeatureModule {}
      const module = await start([FeatureModule]);
      await module.close();

      expect(log).toEqual(['start a', 'orders init', 'orders shutdown', 'close a 30000']);
      expect(factory.of('a').sent.map((record) => record.value)).toEqual(['first', 'last']);
    });

    it('starts on the first send of a global module that comes up earlier, and keeps the order', async () => {
      @Injectable()
      class Early implements OnModuleInit {
        public readonly results: Promise<unknown>[] = [];
        public constructor(private readonly kafka: KafkaProducer) {
          this.results.push(this.kafka.send({ topic: 't', value: 'constructor' }).catch((error: unknown) => error));
        }
        public async onModuleInit(): Promise<void> {
          this.kafka.emit({ topic: 't', value: 'init' });
          await this.kafka.send({ topic: 't', value: 'init, awaited' });
        }
      }
      @Global()
      @Module({ imports: [KafkaProducerModule.forRoot({ client: { ...CLIENT, clientId: 'a' } })], providers: [Early] })
      class EarlyModule {}
      const module = await start([EarlyModule]);
      await Promise.all(module.get(Early).results);

      expect(factory.log).toEqual(['start a']);
      expect(factory.of('a').sent.map((record) => record.value)).toEqual(['constructor', 'init', 'init, awaited']);
    });

    it('sends what a callback sends behind all that was sent before the start', async () => {
      const module = await build([KafkaProducerModule.forRoot({ client: { ...CLIENT, clientId: 'a' } })]).compile();
      const kafka = module.get(KafkaProducer, { strict: false });
      kafka.send({ topic: 't', value: 'first' }, () => kafka.emit({ topic: 't', value: 'from the callback' }));
      kafka.emit({ topic: 't', value: 'second' });
      app = await module.init();

      expect(factory.of('a').sent.map((record) => record.value)).toEqual(['first', 'second', 'from the callback']);
    });

    it('fails the start with the error of the engine, and closes what was opened', async () => {
      factory.startError = new BrokerUnavailableError('No broker of 127.0.0.1:9092 could be reached.');

      await expect(start([KafkaProducerModule.forRoot({ client: { ...CLIENT, clientId: 'a' } })])).rejects.toBe(
        factory.startError,
      );
      expect(factory.log).toEqual(['start a', 'close a 0']);
    });

    it('fails what has been sent before a failed start with the same error', async () => {
      factory.startError = new BrokerUnavailableError('down');
      const module = await build([KafkaProducerModule.forRoot({ client: CLIENT })]).compile();
      const kafka = module.get(KafkaProducer, { strict: false });
      const sent = kafka.send({ topic: 't', value: 'v' });
      const calledBack = new Promise((resolve) =>
        kafka.send({ topic: 't', value: 'v' }, (error, given) => resolve([error, given])),
      );

      await expect(sent).rejects.toBe(factory.startError);
      await expect(calledBack).resolves.toEqual([
        factory.startError,
        expect.objectContaining({ topic: 't', partition: -1, offset: '-1' }),
      ]);
      await expect(module.init()).rejects.toBe(factory.startError);
      await expect(kafka.send({ topic: 't', value: 'v' })).rejects.toBe(factory.startError);
    });

    it('gives an unnamed failure of the engine a name', async () => {
      factory.startError = new TypeError('x is undefined');

      await expect(start([KafkaProducerModule.forRoot({ client: CLIENT })])).rejects.toMatchObject({
        name: 'KafkaError',
        cause: factory.startError,
      });
    });

    it('survives a close of an application that never started, and refuses later sends', async () => {
      const module = await build([KafkaProducerModule.forRoot({ client: CLIENT })]).compile();
      const kafka = module.get(KafkaProducer, { strict: false });
      await module.close();

      await expect(kafka.send({ topic: 't', value: 'v' })).rejects.toMatchObject({ name: 'ProducerClosedError' });
      expect(factory.engines).toEqual([]);
    });
  });
});
