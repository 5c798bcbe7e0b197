import { Injectable } from '@nestjs/common';
import type { Deserializer } from './deserializer.js';
import { requireLength } from './require-length.js';

/** Four bytes, big-endian, as a whole number (Kafka's `IntegerDeserializer`). */
@Injectable()
export class Int32Deserializer implements Deserializer<number> {
  public deserialize(topic: string, bytes: Buffer): number {
    requireLength(topic, 'An int32', bytes, 4);
    return bytes.readInt32BE(0);
  }
}
