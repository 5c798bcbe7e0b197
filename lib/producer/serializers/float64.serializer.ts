import { Injectable } from '@nestjs/common';
import { SerializationError } from '../errors.js';
import type { Serializer } from './serializer.js';
import { typeName } from './type-name.js';

/** Any number, also NaN and the infinities, as eight bytes of IEEE 754, big-endian (Kafka's `DoubleSerializer`). */
@Injectable()
export class Float64Serializer implements Serializer<number> {
  public serialize(topic: string, data: number): Buffer {
    if (typeof data !== 'number') {
      throw new SerializationError(
        `The float64 serializer takes a number, not ${typeName(data)}. Convert it with Number().`,
        {
          topic,
        },
      );
    }
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeDoubleBE(data, 0);
    return bytes;
  }
}
