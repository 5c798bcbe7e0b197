import { toJson } from '../../producer/serializers/to-json.js';

/**
 * The bytes of a reply, as Nest's `ClientKafka` reads them: text and bytes as they are, a date as ISO 8601, everything else as JSON. What is given is never changed, and an object with a `key` or
 * `value` is an object like any other.
 * @returns null for undefined and null
 * @throws SerializationError for what JSON cannot hold
 */
export function encodeReply(topic: string, value: unknown): Uint8Array | null {
  if (value === undefined || value === null) return null;
  if (value instanceof Uint8Array) return value;
  return Buffer.from(toText(topic, value));
}

function toText(topic: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
  return toJson(topic, value);
}

/** The text of the error header: an object as JSON, of an error its message. */
export function encodeReplyError(error: unknown): string {
  if (typeof error === 'string' && error !== '') return error;
  if (error instanceof Error) return JSON.stringify({ status: 'error', message: error.message });
  if (typeof error === 'object' && error !== null) return stringified(error) ?? UNKNOWN;
  return error === undefined || error === null || error === '' ? UNKNOWN : String(error as number);
}

const UNKNOWN = JSON.stringify({ status: 'error', message: 'Internal server error' });

function stringified(error: object): string | undefined {
  try {
    return JSON.stringify(error);
  } catch {
    return undefined;
  }
}
