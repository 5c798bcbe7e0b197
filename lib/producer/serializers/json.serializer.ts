import { Injectable } from '@nestjs/common';
import type { Serializer } from './serializer.js';
import { toJson } from './to-json.js';

/**
 * `JSON.stringify`, UTF-8, also for text (which gets its quotes). Dates become ISO 8601. A BigInt, a cycle, `undefined`, a function,
 * `NaN`, a `Map` or a `Set` as the value fails with `SerializationError` that says what to do.
 */
@Injectable()
export class JsonSerializer implements Serializer {
  public serialize(topic: string, data: unknown): string {
    return toJson(topic, data);
  }
}
