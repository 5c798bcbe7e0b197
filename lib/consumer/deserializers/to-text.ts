import { isUtf8 } from 'node:buffer';
import { DeserializationError } from './deserialization-error.js';

/**
 * Text of UTF-8 bytes, with every character of it, also a byte order mark.
 * @throws DeserializationError for what is not UTF-8, which would be replaced and lost otherwise
 */
export function toText(topic: string, bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  throw new DeserializationError("It is not UTF-8. Use the 'buffer' deserializer, or the one that fits its producer.", {
    topic,
  });
}
