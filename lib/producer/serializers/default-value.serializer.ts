import { Injectable } from '@nestjs/common';
import type { Serializer } from './serializer.js';
import { toBytes } from './to-bytes.js';
import { toJson } from './to-json.js';

/**
 * Values when no `valueSerializer` is given: text as UTF-8 without quotes, bytes as they are, everything else as JSON
 * with the checks of `JsonSerializer`.
 */
@Injectable()
export class DefaultValueSerializer implements Serializer {
  public serialize(topic: string, data: unknown): string | Uint8Array {
    if (typeof data === 'string') return data;
    return toBytes(data) ?? toJson(topic, data);
  }
}
