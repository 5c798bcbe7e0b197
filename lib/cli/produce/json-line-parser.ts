import { LineError } from './line-error.js';
import type { LineParser, ParsedLine } from './line-parser.js';

type JsonObject = Readonly<Record<string, unknown>>;

const OWN_FIELDS = 'key keyBase64 keyHex value valueBase64 valueHex headers partition timestamp';
/** What `consume --json` tells besides; a copy has its own. */
const OTHER_FIELDS = 'topic offset timestampType';
const FIELDS: ReadonlySet<string> = new Set(`${OWN_FIELDS} ${OTHER_FIELDS}`.split(' '));

/**
 * A JSON object a line, as `consume --json` writes them: `key`, `value`, `headers`, `partition`, `timestamp`, all optional. Text is taken as UTF-8, other JSON as its text;
 * bytes that are no text stand in `keyBase64` and `valueBase64` (or `keyHex`, `valueHex`). Empty lines are passed over.
 */
export class JsonLineParser implements LineParser {
  public parse(line: Buffer): ParsedLine | null {
    const text = decodeText(line);
    if (text.trim() === '') return null;
    const object = parseObject(text);
    if (losesDigits(text))
      throw new LineError('it has a number of more digits than a number holds here: give it as text.');
    for (const name of Object.keys(object)) {
      if (!FIELDS.has(name))
        throw new LineError(`there is no field ${JSON.stringify(name)}. There are ${[...FIELDS].join(', ')}.`);
    }
    const partition = readPartition(object['partition']);
    const timestamp = readTimestamp(object['timestamp']);
    return {
      key: readBytes(object, 'key'),
      value: readBytes(object, 'value'),
      headers: readHeaders(object['headers']),
      ...(partition === null ? {} : { partition }),
      ...(timestamp === null ? {} : { timestamp }),
    };
  }
}

const UTF8 = new TextDecoder('utf8', { fatal: true, ignoreBOM: true });

function decodeText(line: Buffer): string {
  try {
    return UTF8.decode(line);
  } catch {
    throw new LineError('it is not UTF-8. Bytes that are no text go into keyBase64 and valueBase64.');
  }
}

/** Whether the text has a whole number that JSON.parse rounds, or one that is too large for it. */
function losesDigits(text: string): boolean {
  const numbers = text.replace(/"(?:[^"\\]|\\.)*"/g, '').match(/-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g) ?? [];
  return numbers.some((number) => {
    const value = Number(number);
    return !Number.isFinite(value) || (/^-?\d{16,}$/.test(number) && BigInt(number) !== BigInt(value));
  });
}

function parseObject(text: string): JsonObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // V8's message quotes the line.
    throw new LineError('it is not JSON. --json-lines takes one object a line, e.g. {"key":"k","value":"v"}.');
  }
  if (isObject(parsed)) return parsed;
  throw new LineError('it is JSON, but no object. --json-lines takes e.g. {"key":"k","value":"v"}.');
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readBytes(object: JsonObject, name: string): Buffer | null {
  const encoded = `${name}Base64`;
  const hexadecimal = `${name}Hex`;
  const given = [name, encoded, hexadecimal].filter((field) => object[field] !== undefined);
  if (given.length > 1) throw new LineError(`it has ${given.join(' and ')}: give one of them.`);
  if (object[encoded] !== undefined) return decode(encoded, object[encoded], 'base64');
  if (object[hexadecimal] !== undefined) return decode(hexadecimal, object[hexadecimal], 'hex');
  return toBytes(object[name]);
}

function toBytes(value: unknown): Buffer | null {
  if (value === undefined || value === null) return null;
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
}

/** Node passes over what does not belong into such a text; here it would be a record that nobody has meant. */
function decode(name: string, value: unknown, encoding: 'base64' | 'hex'): Buffer {
  const pattern = encoding === 'hex' ? /^(?:[0-9a-f]{2})*$/i : /^[A-Za-z0-9+/]*={0,2}$/;
  if (typeof value === 'string' && pattern.test(value) && !isCutOff(value, encoding))
    return Buffer.from(value, encoding);
  throw new LineError(`${name} must be text in ${encoding === 'hex' ? 'hexadecimal' : 'base64'}.`);
}

/** A single digit of base64 is no byte. */
function isCutOff(value: string, encoding: 'base64' | 'hex'): boolean {
  return encoding === 'base64' && value.replace(/=+$/, '').length % 4 === 1;
}

function readHeaders(given: unknown): ParsedLine['headers'] {
  if (given === undefined || given === null) return [];
  if (Array.isArray(given)) return given.map(readHeader);
  if (!isObject(given)) throw wrongHeaders();
  return Object.entries(given).flatMap(([key, value]) =>
    (Array.isArray(value) ? value : [value]).map((one: unknown) => ({ key, value: toBytes(one) })),
  );
}

function readHeader(entry: unknown): ParsedLine['headers'][number] {
  if (!isObject(entry) || typeof entry['key'] !== 'string') throw wrongHeaders();
  return { key: entry['key'], value: readBytes(entry, 'value') };
}

function wrongHeaders(): LineError {
  return new LineError('headers must be a list like [{"key":"k","value":"v"}], or an object of names and values.');
}

function readPartition(value: unknown): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  throw new LineError('partition must be a whole number from 0.');
}

function readTimestamp(value: unknown): number | null {
  if (value === undefined || value === null) return null;
  const time = typeof value === 'string' ? Date.parse(value) : value;
  if (typeof time === 'number' && Number.isInteger(time) && time >= 0) return time;
  throw new LineError('timestamp must be whole milliseconds since 1970, or a date like 2026-01-31T12:00:00Z.');
}
