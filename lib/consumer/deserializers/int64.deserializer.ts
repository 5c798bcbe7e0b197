import { Injectable } from '@nestjs/common';
import type { Deserializer } from './deserializer.js';
import { requireLength } from './require-length.js';

/** Eight bytes, big-endian, as a BigInt, whatever its size (Kafka's `LongDeserializer`). */
@Injectable()
export class Int64Deserializer implements Deserializer<bigint> {
  public deserialize(topic: string, bytes: Buffer): bigint {
    requireLength(topic, 'An int64', bytes, 8);
    return bytes.readBigInt64BE(0);
  }
}
