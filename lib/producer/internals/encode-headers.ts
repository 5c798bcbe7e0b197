import type { EncodedHeaders } from '../../wire/record-batch-builder.js';
import { ProtocolWriter } from '../../wire/protocol/protocol-writer.js';
import { InvalidRecordError } from '../errors.js';
import type { RecordHeaders } from '../record.js';

/**
 * Serializes headers once, at `send`, so that later changes to the object do not reach the record.
 * @throws InvalidRecordError naming the header, for a value that is neither text, bytes nor null
 */
export function encodeHeaders(headers: RecordHeaders, topic: string): EncodedHeaders | null {
  const writer = new ProtocolWriter();
  let count = 0;
  const add = (key: unknown, value: unknown): void => {
    writeHeader(writer, key, value, topic);
    count++;
  };
  if (Array.isArray(headers)) {
    for (const header of headers as ReadonlyArray<{ key: unknown; value: unknown }>) {
      if (typeof header !== 'object' || header === null)
        throw invalid(topic, 'an entry of the list is not { key, value }');
      add(header.key, header.value);
    }
  } else {
    if (!isPlainObject(headers)) throw invalid(topic, 'headers are neither an object nor a list of { key, value }');
    for (const [key, value] of Object.entries(headers)) {
      if (Array.isArray(value)) for (const single of value as unknown[]) add(key, single);
      else add(key, value);
    }
  }
  return count === 0 ? null : { count, bytes: writer.toBuffer() };
}

function isPlainObject(headers: unknown): headers is object {
  return typeof headers === 'object' && headers !== null && !(Symbol.iterator in headers);
}

function writeHeader(writer: ProtocolWriter, key: unknown, value: unknown, topic: string): void {
  if (typeof key !== 'string') throw invalid(topic, `a header name is a ${typeof key}`);
  const keyBytes = Buffer.from(key, 'utf8');
  writer.varint(keyBytes.length);
  writer.raw(keyBytes);
  if (value === null) {
    writer.varint(-1);
    return;
  }
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  if (!(bytes instanceof Uint8Array)) {
    throw invalid(
      topic,
      `the value of header ${JSON.stringify(key)} is ${value === undefined ? 'undefined' : `a ${typeof value}`}`,
    );
  }
  writer.varint(bytes.length);
  writer.raw(bytes);
}

function invalid(topic: string, what: string): InvalidRecordError {
  return new InvalidRecordError(
    `A record for ${topic} was not sent: ${what}. Header names are strings; values are strings, Buffers or null.`,
    { topic },
  );
}
