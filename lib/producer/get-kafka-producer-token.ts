import type { InjectionToken } from '@nestjs/common';
import { KafkaProducer } from './kafka-producer.js';

/** The token under which a producer is injected: the class `KafkaProducer` for the unnamed one, a text of its own for each name. */
export function getKafkaProducerToken(name?: string): InjectionToken<KafkaProducer> {
  return name === undefined || name === '' ? KafkaProducer : `KafkaProducer:${name}`;
}
