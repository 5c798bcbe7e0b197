import { Inject } from '@nestjs/common';
import { getKafkaListenerRegistryToken } from './get-kafka-listener-registry-token.js';

/** Injects the registry of the module of that name. That of the unnamed one needs no decorator: its type is enough. */
export function InjectKafkaListenerRegistry(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getKafkaListenerRegistryToken(name));
}
