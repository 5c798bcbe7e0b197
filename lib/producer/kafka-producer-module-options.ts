import type { ConfigurableModuleAsyncOptions, ModuleMetadata, Provider, Type } from '@nestjs/common';
import type { KafkaConsumerOptions } from '../consumer/consumer-options.js';
import type { KafkaInstrumentation } from '../instrumentation/kafka-instrumentation.js';
import type { KafkaClientOptions } from '../wire/kafka-client-options.js';
import type { ProducerOptions } from './producer-options.js';

/**
 * Transactions. They run on producers of their own, up to `poolSize` at a time, made when they are first needed, with the settings and parts of
 * `producer`; only `lingerMs` is 0 there unless it is given, as a transaction waits for its records anyway.
 */
export interface KafkaTransactionsOptions {
  /**
   * What the transactional ids begin with; `<prefix>0` to `<prefix><poolSize - 1>` are used. No two processes may use the same one at a time: the
   * newer takes over (fences the older). The same process should use the same one after a restart, so that what it left open is ended at once.
   */
  readonly transactionalIdPrefix: string;
  /** Transactions at a time; the next wait for up to `maxBlockMs`. Default 10. */
  readonly poolSize?: number | undefined;
  /**
   * Kafka's `transaction.timeout.ms`: when the broker ends a transaction that nobody has ended, in milliseconds. Default 60 000; a broker allows
   * 900 000 unless its `transaction.max.timeout.ms` says otherwise. The work of a transaction may take a tenth less, but at most 5 s less.
   */
  readonly timeoutMs?: number | undefined;
}

/** What a producer needs to know; also what the factory of `forRootAsync` returns. */
export interface KafkaProducerConfiguration {
  /** How to reach the cluster, as in Nest's Kafka options. */
  readonly client: KafkaClientOptions;
  /** Kafka's settings; every one has a default. */
  readonly producer?: ProducerOptions | undefined;
  /** Makes `KafkaProducer.transaction` and `@Transactional()` usable. Needs `acks: 'all'` and idempotence, which are the defaults. */
  readonly transactions?: KafkaTransactionsOptions | undefined;
  /** The group and the settings of the handlers that `KafkaTransportStrategy` runs. */
  readonly consumer?: KafkaConsumerOptions | undefined;
  /**
   * Who watches what producer and listeners do, e.g. `OpenTelemetryInstrumentation` of `nestjs-kafka-producer/opentelemetry`; the first one outermost. Default nobody, which costs
   * nothing.
   */
  readonly instrumentation?: ReadonlyArray<Type<KafkaInstrumentation> | KafkaInstrumentation> | undefined;
  /**
   * How long start-up waits until a broker answers, in milliseconds, before it fails with `BrokerUnavailableError`. Default 30 000;
   * 0 starts without a broker, and sends wait up to `maxBlockMs`.
   */
  readonly startTimeoutMs?: number | undefined;
  /**
   * How long shutdown goes on delivering what was accepted, in milliseconds. Default 30 000; 0 gives up at once. What is not delivered
   * by then fails with `ProducerClosedError`.
   */
  readonly closeTimeoutMs?: number | undefined;
}

/** What shapes the module rather than the producer. */
export interface KafkaProducerModuleExtras {
  /** For an application with several producers: the name to inject this one by, with `@InjectKafkaProducer(name)`. Default: by the class. */
  readonly name?: string | undefined;
  /**
   * Default true: every module can inject the producer, and it closes after all modules that may still send while they shut down. With
   * false only modules that import this one can, and one that ends later finds it closed.
   */
  readonly isGlobal?: boolean | undefined;
  /** Modules that export what the classes given as partitioner, serializer, interceptor, commit strategy, deserializer or instrumentation inject. */
  readonly imports?: ModuleMetadata['imports'] | undefined;
  /** Providers those classes inject, made for this module alone. */
  readonly extraProviders?: readonly Provider[] | undefined;
}

/** The options of `KafkaProducerModule.forRoot`. */
export interface KafkaProducerModuleOptions extends KafkaProducerConfiguration, KafkaProducerModuleExtras {}

/** For `useClass` and `useExisting` of `KafkaProducerModule.forRootAsync`. */
export interface KafkaProducerOptionsFactory {
  createKafkaProducerOptions(): KafkaProducerConfiguration | Promise<KafkaProducerConfiguration>;
}

/** The options of `KafkaProducerModule.forRootAsync`: one of `useFactory` (with `inject`), `useClass`, `useExisting`, and what shapes the module. */
export type KafkaProducerModuleAsyncOptions = Omit<
  ConfigurableModuleAsyncOptions<KafkaProducerConfiguration, 'createKafkaProducerOptions'>,
  'imports'
> &
  KafkaProducerModuleExtras;
