import { Injectable } from '@nestjs/common';
import { SerializationError } from '../errors.js';
import { typeName } from './type-name.js';
import type { Serializer } from './serializer.js';
import { toBytes } from './to-bytes.js';

/**
 * Bytes as they are (Kafka's `ByteArraySerializer`): `Buffer`, `Uint8Array`, any other view of memory, `ArrayBuffer`.
 * They are not copied here: leave them alone until `send` has returned its promise.
 */
@Injectable()
export class BufferSerializer implements Serializer<ArrayBufferView | ArrayBuffer> {
  public serialize(topic: string, data: ArrayBufferView | ArrayBuffer): Uint8Array {
    const bytes = toBytes(data);
    if (bytes !== null) return bytes;
    throw new SerializationError(
      `The buffer serializer takes a Buffer or Uint8Array, not ${typeName(data)}. Encode it first, or use the 'string' or 'json' serializer.`,
      { topic },
    );
  }
}
