import { Injectable } from '@nestjs/common';
import type { Deserializer } from './deserializer.js';
import { requireLength } from './require-length.js';

/** Eight bytes of IEEE 754, big-endian, as a number (Kafka's `DoubleDeserializer`). */
@Injectable()
export class Float64Deserializer implements Deserializer<number> {
  public deserialize(topic: string, bytes: Buffer): number {
    requireLength(topic, 'A float64', bytes, 8);
    return bytes.readDoubleBE(0);
  }
}
