import { DeserializationError } from './deserialization-error.js';

/** @throws DeserializationError unless there are exactly so many bytes */
export function requireLength(topic: string, type: string, bytes: Buffer, length: number): void {
  if (bytes.length === length) return;
  throw new DeserializationError(
    `${type} has ${length} bytes, but it has ${bytes.length}. Use the deserializer that fits its producer.`,
    { topic },
  );
}
