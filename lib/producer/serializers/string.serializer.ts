import { Injectable } from '@nestjs/common';
import { SerializationError } from '../errors.js';
import { typeName } from './type-name.js';
import type { Serializer } from './serializer.js';

/** Text as UTF-8 (Kafka's `StringSerializer`). Anything else fails with `SerializationError`: nothing is turned into text unasked. */
@Injectable()
export class StringSerializer implements Serializer<string> {
  public serialize(topic: string, data: string): string {
    if (typeof data === 'string') return data;
    throw new SerializationError(
      `The string serializer takes text, not ${typeName(data)}. Make it a string, or use the 'json' or 'buffer' serializer.`,
      { topic },
    );
  }
}
