import type { SerializerName } from '../../producer/serializers/named-serializers.js';
import { BufferDeserializer } from './buffer.deserializer.js';
import type { Deserializer } from './deserializer.js';
import { Float64Deserializer } from './float64.deserializer.js';
import { Int32Deserializer } from './int32.deserializer.js';
import { Int64Deserializer } from './int64.deserializer.js';
import { JsonDeserializer } from './json.deserializer.js';
import { StringDeserializer } from './string.deserializer.js';

const DESERIALIZERS = {
  string: StringDeserializer,
  json: JsonDeserializer,
  buffer: BufferDeserializer,
  int32: Int32Deserializer,
  int64: Int64Deserializer,
  float64: Float64Deserializer,
} as const satisfies Record<SerializerName, new () => Deserializer>;

/** The deserializers that options may name by a word: those of the serializers. */
export type DeserializerName = keyof typeof DESERIALIZERS;

/** The words, for messages. */
export const DESERIALIZER_NAMES = Object.keys(DESERIALIZERS) as readonly DeserializerName[];

/** Makes the deserializer of that name; null for a name that is not one. */
export function createNamedDeserializer(name: string): Deserializer | null {
  return Object.hasOwn(DESERIALIZERS, name) ? new DESERIALIZERS[name as DeserializerName]() : null;
}
