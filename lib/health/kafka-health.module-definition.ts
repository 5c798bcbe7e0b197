import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { KafkaHealthOptions } from './kafka-health-options.js';

/** The dynamic module behind `KafkaHealthModule`. */
export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN: KAFKA_HEALTH_OPTIONS } =
  new ConfigurableModuleBuilder<KafkaHealthOptions>({ moduleName: 'KafkaHealth' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createKafkaHealthOptions')
    .build();
