import { type DynamicModule, Module } from '@nestjs/common';
import { ConfigError } from './errors.js';
import type { KafkaProducerModuleAsyncOptions, KafkaProducerModuleOptions } from './kafka-producer-module-options.js';
import { ConfigurableModuleClass } from './kafka-producer.module-definition.js';

/**
 * Makes a `KafkaProducer` injectable, starts it with the application (`onModuleInit`) and closes it, after it has delivered what it
 * accepted, when the application ends (`onApplicationShutdown`; on a signal only after `app.enableShutdownHooks()`).
 *
 * Each call of `forRoot` is a producer of its own. Give all but one of them a `name`.
 */
@Module({})
export class KafkaProducerModule extends ConfigurableModuleClass {
  /**
   * ```ts
   * KafkaProducerModule.forRoot({
   *   client: { brokers: ['127.0.0.1:9092'], clientId: 'orders' },
   *   producer: { compression: 'lz4', partitioner: RoundRobinPartitioner },
   * })
   * ```
   * Wrong options throw `ConfigError` when Nest builds the module. The start fails with `BrokerUnavailableError`,
   * `KafkaAuthenticationError` or another `KafkaError` that says what to do.
   */
  public static override forRoot(options: KafkaProducerModuleOptions): DynamicModule {
    if (typeof options !== 'object' || options === null) {
      throw new ConfigError(
        "forRoot needs options, e.g. { client: { brokers: ['127.0.0.1:9092'] } }.",
        'forRoot',
        undefined,
        'TYPE',
      );
    }
    return super.forRoot(options);
  }

  /**
   * ```ts
   * KafkaProducerModule.forRootAsync({
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({ client: { brokers: config.getOrThrow('BROKERS').split(',') } }),
   * })
   * ```
   * `name`, `isGlobal`, `imports` and `extraProviders` stand beside the factory, not in what it returns.
   */
  public static override forRootAsync(options: KafkaProducerModuleAsyncOptions): DynamicModule {
    if (options?.useFactory === undefined && options?.useClass === undefined && options?.useExisting === undefined) {
      throw new ConfigError(
        'forRootAsync needs useFactory, useClass or useExisting.',
        'forRootAsync',
        undefined,
        'TYPE',
      );
    }
    const { imports = [], ...rest } = options;
    return super.forRootAsync({ ...rest, imports });
  }
}
