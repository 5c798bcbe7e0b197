import { SerializationError } from '../errors.js';
import { typeName } from './type-name.js';

/**
 * JSON, or an error that says what to change: for what JSON cannot hold, and for what it would silently lose.
 * @throws SerializationError
 */
export function toJson(topic: string, data: unknown): string {
  if (typeof data === 'number' && !Number.isFinite(data)) {
    throw new SerializationError(`${data} is not a JSON number and would become null. Send null or a text instead.`, {
      topic,
    });
  }
  let json: string | undefined;
  try {
    json = JSON.stringify(data);
  } catch (cause) {
    throw toSerializationError(topic, data, cause);
  }
  if (json === undefined) {
    throw new SerializationError(
      `A value of type ${typeName(data)} has no JSON form (undefined, a function, a symbol, or toJSON() without a result). ` +
        'Send an object, text or a number, or null for a tombstone.',
      { topic },
    );
  }
  if (json === '{}' && (data instanceof Map || data instanceof Set)) {
    throw new SerializationError(
      `A ${typeName(data)} would become {} and lose its content. Send Object.fromEntries(map) or [...set] instead.`,
      { topic },
    );
  }
  return json;
}

function toSerializationError(topic: string, data: unknown, cause: unknown): SerializationError {
  const path = pathOfBigInt(data, 'value', new Set());
  if (path !== null) {
    return new SerializationError(
      `JSON has no BigInt, and there is one at ${path}. Send it as text (.toString()), or give it a toJSON().`,
      { topic, cause },
    );
  }
  // Only V8's own words are told apart here; all other failures come from a toJSON() or getter of the user.
  if (cause instanceof TypeError && cause.message.includes('circular')) {
    return new SerializationError(
      'The value refers to itself, which JSON cannot hold. Send a plain copy without the back reference (often a parent, a socket or an ORM entity).',
      { topic, cause },
    );
  }
  return new SerializationError(
    'The value could not be made JSON: its toJSON() or a getter has thrown, see the cause.',
    {
      topic,
      cause,
    },
  );
}

/** Where the first BigInt sits, e.g. `value.order.ids[2]`; runs only after a failure. */
function pathOfBigInt(data: unknown, path: string, seen: Set<object>): string | null {
  if (typeof data === 'bigint') return path;
  if (typeof data !== 'object' || data === null || seen.has(data)) return null;
  seen.add(data);
  for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(data))) {
    const step = Array.isArray(data) ? `[${key}]` : `.${key}`;
    const found = descriptor.enumerable === true ? pathOfBigInt(descriptor.value, path + step, seen) : null;
    if (found !== null) return found;
  }
  return null;
}
