import { Injectable } from '@nestjs/common';
import { SerializationError } from '../errors.js';
import type { Serializer } from './serializer.js';
import { toBytes } from './to-bytes.js';
import { typeName } from './type-name.js';

/**
 * Keys when no `keySerializer` is given: text as UTF-8, bytes as they are; a finite number, a BigInt or a boolean as the text
 * that `String(key)` gives, so 42 and `'42'` are one key with one partition. Objects fail with `SerializationError`: two equal
 * ones may differ in the order of their properties, and their records would end up in different partitions.
 */
@Injectable()
export class DefaultKeySerializer implements Serializer {
  public serialize(topic: string, data: unknown): string | Uint8Array {
    if (typeof data === 'string') return data;
    if (typeof data === 'bigint' || typeof data === 'boolean') return String(data);
    if (typeof data === 'number' && Number.isFinite(data)) return String(data);
    const bytes = toBytes(data);
    if (bytes !== null) return bytes;
    throw new SerializationError(
      `A key must be text, bytes, a finite number or a boolean, not ${typeof data === 'number' ? data : typeName(data)}. ` +
        "Use one of its fields, or set keySerializer (e.g. 'json', if the order of properties never changes).",
      { topic },
    );
  }
}
