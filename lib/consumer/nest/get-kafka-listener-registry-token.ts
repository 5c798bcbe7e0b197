import type { InjectionToken } from '@nestjs/common';
import { KafkaListenerRegistry } from './kafka-listener-registry.js';

/** The token of a module's registry: the class `KafkaListenerRegistry` for the unnamed module, a text of its own for each name. */
export function getKafkaListenerRegistryToken(name?: string): InjectionToken<KafkaListenerRegistry> {
  return name === undefined || name === '' ? KafkaListenerRegistry : `KafkaListenerRegistry:${name}`;
}
