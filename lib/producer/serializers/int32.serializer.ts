import { Injectable } from '@nestjs/common';
import { SerializationError } from '../errors.js';
import type { Serializer } from './serializer.js';
import { typeName } from './type-name.js';

/** A whole number from -2147483648 to 2147483647 as four bytes, big-endian (Kafka's `IntegerSerializer`). */
@Injectable()
export class Int32Serializer implements Serializer<number> {
  public serialize(topic: string, data: number): Buffer {
    if (typeof data !== 'number' || (data | 0) !== data) {
      throw new SerializationError(
        `The int32 serializer takes a whole number from -2147483648 to 2147483647, not ${typeof data === 'number' ? 'another number' : typeName(data)}. ` +
          "Use 'int64' or 'float64' for other numbers.",
        { topic },
      );
    }
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeInt32BE(data, 0);
    return bytes;
  }
}
