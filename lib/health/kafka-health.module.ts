import { type DynamicModule, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { KafkaConsumerHealthIndicator } from './kafka-consumer.health.js';
import { KafkaDurabilityHealthIndicator } from './kafka-durability.health.js';
import { checkHealthOptions, type KafkaHealthOptions } from './kafka-health-options.js';
import { ConfigurableModuleClass, KAFKA_HEALTH_OPTIONS } from './kafka-health.module-definition.js';
import { KafkaModules } from './kafka-modules.js';
import { KafkaProducerHealthIndicator } from './kafka-producer.health.js';
import { StartupTopics } from './startup-topics.js';

/**
 * Makes the three health indicators injectable: `KafkaProducerHealthIndicator`, `KafkaConsumerHealthIndicator`, `KafkaDurabilityHealthIndicator`. They look at every
 * `KafkaProducerModule` of the application. Import it where the health controller is, beside `TerminusModule` or without it.
 */
@Module({
  imports: [DiscoveryModule],
  providers: [
    { provide: KAFKA_HEALTH_OPTIONS, useValue: {} },
    KafkaModules,
    StartupTopics,
    KafkaProducerHealthIndicator,
    KafkaConsumerHealthIndicator,
    KafkaDurabilityHealthIndicator,
  ],
  exports: [KafkaProducerHealthIndicator, KafkaConsumerHealthIndicator, KafkaDurabilityHealthIndicator],
})
export class KafkaHealthModule extends ConfigurableModuleClass {
  /**
   * With limits of one's own; without any `imports: [KafkaHealthModule]` is enough.
   * @throws ConfigError for a limit that is no number
   */
  public static override forRoot(options: KafkaHealthOptions): DynamicModule {
    checkHealthOptions(options);
    return super.forRoot(options);
  }
}
