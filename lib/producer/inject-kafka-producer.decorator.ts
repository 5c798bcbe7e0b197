import { Inject } from '@nestjs/common';
import { getKafkaProducerToken } from './get-kafka-producer-token.js';

/**
 * Injects a producer by the name given to `KafkaProducerModule.forRoot({ name })`. The unnamed one needs no decorator: its type is enough.
 *
 * ```ts
 * constructor(@InjectKafkaProducer('audit') private readonly audit: KafkaProducer) {}
 * ```
 */
export function InjectKafkaProducer(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getKafkaProducerToken(name));
}
