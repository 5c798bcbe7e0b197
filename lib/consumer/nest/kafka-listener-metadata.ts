import type { KafkaListenerOptions } from './kafka-listener-options.js';

/** What `@KafkaListener()` was given. */
export interface KafkaListenerMetadata {
  readonly topics: readonly (string | RegExp)[];
  readonly options: KafkaListenerOptions;
}

/** Among the extras of a Nest pattern; a symbol, as the names belong to the user and to other transports. */
export const KAFKA_LISTENER = Symbol('KAFKA_LISTENER');

/** What `@KafkaListener()` has put into the extras of a pattern; null for a handler of Nest's own decorators. */
export function listenerMetadata(extras: unknown): KafkaListenerMetadata | null {
  if (typeof extras !== 'object' || extras === null) return null;
  const metadata: unknown = Reflect.get(extras, KAFKA_LISTENER);
  return metadata === undefined ? null : (metadata as KafkaListenerMetadata);
}
