import { isUtf8 } from 'node:buffer';
import type { ConsumedRecord } from '../../consumer/consumed-record.js';

/** A key or value in a JSON line: what it is, and what is behind the name of the field: nothing, or how bytes are written there. */
export interface JsonField {
  readonly suffix: '' | 'Base64' | 'Hex';
  readonly content: unknown;
}

/** What a record's key and value are in a JSON line; null where there is none. */
export interface JsonFields {
  readonly key: JsonField | null;
  readonly value: JsonField | null;
}

/** An offset as everywhere in the command line's JSON: a number where a number holds it exactly, else text. */
export function jsonOffset(offset: bigint | string): number | string {
  const number = Number(offset);
  return Number.isSafeInteger(number) ? number : String(offset);
}

/** Bytes as text where they are UTF-8, else in base64: nothing is lost either way. */
export function fieldOfBytes(bytes: Buffer): JsonField {
  if (isUtf8(bytes)) return { suffix: '', content: bytes.toString('utf8') };
  return { suffix: 'Base64', content: bytes.toString('base64') };
}

/** One line of `consume --json`, which `produce --json-lines` reads; without a line end. */
export function toJsonLine(record: ConsumedRecord, { key, value }: JsonFields): string {
  return JSON.stringify({
    topic: record.topic,
    partition: record.partition,
    offset: jsonOffset(record.offset),
    timestamp: record.timestamp,
    timestampType: record.timestampType,
    ...named('key', key),
    ...named('value', value),
    headers: record.headers.map((header) => ({
      key: header.key,
      ...named('value', header.value === null ? null : fieldOfBytes(header.value)),
    })),
  });
}

function named(name: string, field: JsonField | null): Record<string, unknown> {
  return field === null ? { [name]: null } : { [`${name}${field.suffix}`]: field.content };
}
