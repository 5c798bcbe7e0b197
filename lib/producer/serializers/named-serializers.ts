import { BufferSerializer } from './buffer.serializer.js';
import { Float64Serializer } from './float64.serializer.js';
import { Int32Serializer } from './int32.serializer.js';
import { Int64Serializer } from './int64.serializer.js';
import { JsonSerializer } from './json.serializer.js';
import type { Serializer } from './serializer.js';
import { StringSerializer } from './string.serializer.js';

const SERIALIZERS = {
  string: StringSerializer,
  json: JsonSerializer,
  buffer: BufferSerializer,
  int32: Int32Serializer,
  int64: Int64Serializer,
  float64: Float64Serializer,
} as const;

/** The serializers that options may name by a word. */
export type SerializerName = keyof typeof SERIALIZERS;

/** The words, for messages. */
export const SERIALIZER_NAMES = Object.keys(SERIALIZERS) as readonly SerializerName[];

/** Makes the serializer of that name; null for a name that is not one. */
export function createNamedSerializer(name: string): Serializer | null {
  return Object.hasOwn(SERIALIZERS, name) ? new SERIALIZERS[name as SerializerName]() : null;
}
