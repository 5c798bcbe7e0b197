import { BufferDeserializer } from '../../consumer/deserializers/buffer.deserializer.js';
import type { Deserializer } from '../../consumer/deserializers/deserializer.js';
import { createNamedDeserializer, DESERIALIZER_NAMES } from '../../consumer/deserializers/named-deserializers.js';
import type { ConsumedHeader } from '../../consumer/consumed-record.js';
import { fieldOfBytes, type JsonField } from '../records/json-record.js';

/** The words of `--key-deserializer` and `--value-deserializer`: those of the library, where `buffer` is printed in base64, and `hex`. */
export const PRINTED_AS: readonly string[] = [...DESERIALIZER_NAMES, 'hex'];

/** What a key or value is in a line of text: bytes as they are, or text. */
export function textDeserializer(name: string): Deserializer<Buffer | string> {
  if (name === 'string') return new BufferDeserializer();
  if (name === 'buffer') return { deserialize: (_topic, bytes) => bytes.toString('base64') };
  if (name === 'hex') return { deserialize: (_topic, bytes) => bytes.toString('hex') };
  const inner = innerOf(name);
  return { deserialize: (topic, bytes, headers) => textOf(inner.deserialize(topic, bytes, headers)) };
}

/** What a key or value is in a JSON line. */
export function jsonDeserializer(name: string): Deserializer<JsonField> {
  if (name === 'string') return { deserialize: (_topic, bytes) => fieldOfBytes(bytes) };
  if (name === 'buffer') {
    return { deserialize: (_topic, bytes) => ({ suffix: 'Base64', content: bytes.toString('base64') }) };
  }
  if (name === 'hex') return { deserialize: (_topic, bytes) => ({ suffix: 'Hex', content: bytes.toString('hex') }) };
  const inner = innerOf(name);
  return { deserialize: (topic, bytes, headers) => ({ suffix: '', content: jsonOf(inner, topic, bytes, headers) }) };
}

function innerOf(name: string): Deserializer {
  const inner = createNamedDeserializer(name);
  if (inner === null) throw new RangeError(`There is no deserializer ${name}.`);
  return inner;
}

function textOf(decoded: unknown): string {
  return typeof decoded === 'number' || typeof decoded === 'bigint' ? String(decoded) : JSON.stringify(decoded);
}

/** What JSON has no number for becomes its text. */
function jsonOf(inner: Deserializer, topic: string, bytes: Buffer, headers: readonly ConsumedHeader[]): unknown {
  const decoded = inner.deserialize(topic, bytes, headers);
  const hasNoNumber = typeof decoded === 'bigint' || (typeof decoded === 'number' && !Number.isFinite(decoded));
  return hasNoNumber ? String(decoded) : decoded;
}
