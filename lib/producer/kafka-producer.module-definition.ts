import { ConfigurableModuleBuilder, Logger } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { DefaultListenerContainerFactory } from '../consumer/container/default-listener-container.factory.js';
import { ListenerContainerFactory } from '../consumer/container/listener-container-factory.js';
import { ConsumerLifecycle } from '../consumer/nest/consumer-lifecycle.js';
import { getKafkaListenerRegistryToken } from '../consumer/nest/get-kafka-listener-registry-token.js';
import { getKafkaTransportStrategyToken } from '../consumer/nest/get-kafka-transport-strategy-token.js';
import { KAFKA_CONSUMER_PRODUCER } from '../consumer/nest/kafka-consumer.constants.js';
import { KafkaHandlerExplorer } from '../consumer/nest/kafka-handler.explorer.js';
import { KafkaListenerRegistry } from '../consumer/nest/kafka-listener-registry.js';
import { KafkaTransportStrategy } from '../consumer/nest/kafka-transport-strategy.js';
import { ListenerPartsFactory } from '../consumer/nest/listener-parts.factory.js';
import { InstrumentationChain } from '../instrumentation/instrumentation-chain.js';
import { TransactionRunnerFactory } from '../transactions/transaction-runner.factory.js';
import { TransactionalExplorer } from '../transactions/transactional.explorer.js';
import { getKafkaProducerToken } from './get-kafka-producer-token.js';
import {
  KAFKA_INSTRUMENTATION,
  KAFKA_PRODUCER_MODULE_OPTIONS,
  KAFKA_PRODUCER_NAME,
} from './kafka-producer.constants.js';
import type { KafkaProducerConfiguration, KafkaProducerModuleExtras } from './kafka-producer-module-options.js';
import { NestLogSink } from './nest-log-sink.js';
import { ProducerEngineFactory } from './producer-engine.factory.js';
import { ProducerLifecycle } from './producer-lifecycle.js';
import { ProducerPartsFactory } from './producer-parts.factory.js';
import { ProducerTransactionsFactory } from './producer-transactions.js';

const NO_EXTRAS: KafkaProducerModuleExtras = {
  name: undefined,
  isGlobal: undefined,
  imports: undefined,
  extraProviders: undefined,
};

/** The dynamic module behind `KafkaProducerModule`: one per call of `forRoot`, with providers of its own. */
export const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<KafkaProducerConfiguration>({
  optionsInjectionToken: KAFKA_PRODUCER_MODULE_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createKafkaProducerOptions')
  .setExtras(NO_EXTRAS, (definition, { name, isGlobal, imports, extraProviders }) => {
    const token = getKafkaProducerToken(name);
    const strategyToken = getKafkaTransportStrategyToken(name);
    const registryToken = getKafkaListenerRegistryToken(name);
    return {
      ...definition,
      global: isGlobal ?? true,
      imports: [...new Set([DiscoveryModule, ...(definition.imports ?? []), ...(imports ?? [])])],
      providers: [
        ...(definition.providers ?? []),
        ...(extraProviders ?? []),
        { provide: KAFKA_PRODUCER_NAME, useValue: name ?? null },
        ProducerPartsFactory,
        {
          provide: KAFKA_INSTRUMENTATION,
          useFactory: (parts: ProducerPartsFactory, { instrumentation }: KafkaProducerConfiguration) =>
            instrumentation === undefined || instrumentation.length === 0
              ? null
              : new InstrumentationChain(
                  parts.instrumentations(instrumentation),
                  new NestLogSink(new Logger('KafkaInstrumentation')),
                ),
          inject: [ProducerPartsFactory, KAFKA_PRODUCER_MODULE_OPTIONS],
        },
        ProducerEngineFactory,
        TransactionalExplorer,
        { provide: ProducerTransactionsFactory, useClass: TransactionRunnerFactory },
        ProducerLifecycle,
        {
          provide: token,
          useFactory: (lifecycle: ProducerLifecycle) => lifecycle.producer,
          inject: [ProducerLifecycle],
        },
        { provide: KAFKA_CONSUMER_PRODUCER, useExisting: token },
        { provide: ListenerContainerFactory, useClass: DefaultListenerContainerFactory },
        KafkaHandlerExplorer,
        ListenerPartsFactory,
        ConsumerLifecycle,
        {
          provide: strategyToken,
          useFactory: (lifecycle: ConsumerLifecycle) => new KafkaTransportStrategy(lifecycle),
          inject: [ConsumerLifecycle],
        },
        {
          provide: registryToken,
          useFactory: ({ containers }: ConsumerLifecycle) => new KafkaListenerRegistry(containers),
          inject: [ConsumerLifecycle],
        },
      ],
      exports: [token, strategyToken, registryToken],
    };
  })
  .build();
