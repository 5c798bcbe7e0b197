import { Injectable } from '@nestjs/common';
import { SerializationError } from '../errors.js';
import type { Serializer } from './serializer.js';
import { typeName } from './type-name.js';

/**
 * A BigInt of 64 bits, or a whole number that JavaScript holds exactly (up to 2^53 - 1), as eight bytes, big-endian
 * (Kafka's `LongSerializer`).
 */
@Injectable()
export class Int64Serializer implements Serializer<bigint | number> {
  public serialize(topic: string, data: bigint | number): Buffer {
    const long = toLong(data);
    if (long === null) {
      throw new SerializationError(
        `The int64 serializer takes a BigInt of 64 bits or a safe whole number, not ${typeof data === 'number' || typeof data === 'bigint' ? `another ${typeof data}` : typeName(data)}. ` +
          'Above 2^53 - 1 give a BigInt.',
        { topic },
      );
    }
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigInt64BE(long, 0);
    return bytes;
  }
}

function toLong(data: unknown): bigint | null {
  if (typeof data === 'number') return Number.isSafeInteger(data) ? BigInt(data) : null;
  if (typeof data !== 'bigint') return null;
  return BigInt.asIntN(64, data) === data ? data : null;
}
