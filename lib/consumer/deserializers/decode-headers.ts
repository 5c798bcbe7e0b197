import { isUtf8 } from 'node:buffer';
import type { ConsumedHeader } from '../consumed-record.js';

/** One value of a header: text, or the bytes where they are not text. */
export type DecodedHeaderValue = string | Buffer;

/** Headers by their names, in the form of Nest's `KafkaMessage`: several values of one name as a list. `undefined` is a header without a value. */
export type DecodedHeaders = Record<string, DecodedHeaderValue | DecodedHeaderValue[] | undefined>;

/**
 * Headers for a handler. Text is text, also if it looks like JSON. Bytes that are not UTF-8, or begin with a zero (which Nest takes for a schema), stay bytes, as
 * copies. Where a name has several values those that are null are left out. Any name is data, `__proto__` too: the object has no prototype.
 */
export function decodeHeaders(headers: readonly ConsumedHeader[]): DecodedHeaders {
  const decoded = Object.create(null) as DecodedHeaders;
  for (const { key, value } of headers) {
    const single = value === null ? undefined : decodeValue(value);
    decoded[key] = key in decoded ? withAnother(decoded[key], single) : single;
  }
  return decoded;
}

function decodeValue(value: Buffer): DecodedHeaderValue {
  return value[0] === 0 || !isUtf8(value) ? Buffer.from(value) : value.toString('utf8');
}

function withAnother(
  before: DecodedHeaderValue | DecodedHeaderValue[] | undefined,
  value: DecodedHeaderValue | undefined,
): DecodedHeaderValue | DecodedHeaderValue[] | undefined {
  if (value === undefined) return before;
  if (before === undefined) return value;
  if (!Array.isArray(before)) return [before, value];
  before.push(value);
  return before;
}
