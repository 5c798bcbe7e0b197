import type { ProducerEngineDependencies } from '../producer-engine-api.js';
import { runUserCode } from './user-code.js';

/** Closes what users have put into the producer, each once; what one throws is logged and the others are closed all the same. */
export function closeParts(dependencies: ProducerEngineDependencies): void {
  const { interceptors, keySerializer, log, partitioner, valueSerializer } = dependencies;
  const parts = new Set([
    ...interceptors,
    keySerializer,
    valueSerializer,
    ...(partitioner === null ? [] : [partitioner]),
  ]);
  for (const part of parts) runUserCode(`${part.constructor.name}.close`, log, () => part.close?.());
}
