import type { InjectionToken } from '@nestjs/common';
import { KafkaTransportStrategy } from './kafka-transport-strategy.js';

/** The token of a module's transport strategy: the class `KafkaTransportStrategy` for the unnamed module, a text of its own for each name. */
export function getKafkaTransportStrategyToken(name?: string): InjectionToken<KafkaTransportStrategy> {
  return name === undefined || name === '' ? KafkaTransportStrategy : `KafkaTransportStrategy:${name}`;
}
