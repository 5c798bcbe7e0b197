import type { ProducerRecord } from './record.js';
import { RawBytes } from './serializers/raw-bytes.js';

/**
 * A record as it is now, for a send that comes before there are serializers: later changes to the objects given to `send` do not reach it. Copied are
 * bytes, dates, lists and plain objects, however deep. Anything else, an instance of a class above all, is for a serializer of the user's to
 * understand, and stays what it is.
 */
export function copyRecord(record: ProducerRecord): ProducerRecord {
  if (typeof record !== 'object' || record === null) return record;
  try {
    const { topic, key, value, partition, timestamp = Date.now(), headers } = record;
    const copies = new Map<object, unknown>();
    return {
      ...record,
      topic,
      key: copyOf(key, copies),
      value: copyOf(value, copies),
      partition,
      timestamp: copyOf(timestamp, copies),
      headers: copyOf(headers, copies),
    };
  } catch {
    // A getter or a Proxy has thrown: it will again when the record is read, which then fails with it.
    return record;
  }
}

/** @param copies of what has been met: an object may be there twice, and hold itself */
function copyOf<T>(data: T, copies: Map<object, unknown>): T {
  if (typeof data !== 'object' || data === null) return data;
  let copy = copies.get(data);
  if (copy === undefined) {
    const shallow = shallowCopy(data);
    copies.set(data, shallow);
    if (isContainer(data)) copyEntries(data, shallow, copies);
    copy = shallow;
  }
  return copy as T;
}

/** Of a list or an object an empty one. */
function shallowCopy(data: object): object {
  if (data instanceof RawBytes) return new RawBytes(copyBytes(data.bytes));
  if (data instanceof Date) return new Date(data);
  if (data instanceof Uint8Array) return copyBytes(data);
  if (ArrayBuffer.isView(data) || data instanceof ArrayBuffer) return structuredClone(data);
  if (!isContainer(data)) return data;
  return Array.isArray(data) ? [] : (Object.create(prototypeOf(data)) as object);
}

function copyBytes(bytes: Uint8Array): Uint8Array {
  // The slice of a Buffer would be no copy.
  return Buffer.isBuffer(bytes) ? Buffer.from(bytes) : bytes.slice();
}

function copyEntries(from: object, to: object, copies: Map<object, unknown>): void {
  for (const [key, data] of Object.entries(from)) {
    // Not an assignment: a key may be `__proto__`.
    const value: unknown = copyOf(data, copies);
    Object.defineProperty(to, key, { value, configurable: true, enumerable: true, writable: true });
  }
}

/** A list or a plain object, of any realm: an instance of a class has one prototype more. */
function isContainer(data: object): boolean {
  let prototypes = 0;
  for (let next = prototypeOf(data); next !== null; next = prototypeOf(next)) prototypes++;
  return prototypes <= (Array.isArray(data) ? 2 : 1);
}

function prototypeOf(data: object): object | null {
  return Object.getPrototypeOf(data) as object | null;
}
