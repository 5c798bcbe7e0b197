import { createRandom } from '../../../test/support/random.js';
import { createNamedSerializer, SERIALIZER_NAMES } from '../../producer/serializers/named-serializers.js';
import { BufferDeserializer } from './buffer.deserializer.js';
import { DeserializationError } from './deserialization-error.js';
import type { Deserializer } from './deserializer.js';
import { Float64Deserializer } from './float64.deserializer.js';
import { Int32Deserializer } from './int32.deserializer.js';
import { Int64Deserializer } from './int64.deserializer.js';
import { JsonDeserializer } from './json.deserializer.js';
import { createNamedDeserializer, DESERIALIZER_NAMES } from './named-deserializers.js';
import { StringDeserializer } from './string.deserializer.js';

const random = createRandom();

const decode = (deserializer: Deserializer, bytes: Buffer): unknown => deserializer.deserialize('orders', bytes, []);

/** The error that bytes fail with; neither it nor a cause of it may repeat what they hold. */
function failure(deserializer: Deserializer, bytes: Buffer): DeserializationError {
  try {
    decode(deserializer, bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(DeserializationError);
    const { cause, message, topic } = error as DeserializationError;
    expect(topic).toBe('orders');
    expect(message).not.toContain('secret');
    expect(cause).toBeUndefined();
    return error as DeserializationError;
  }
  throw new Error('the bytes were decoded');
}

const INVALID_UTF8: readonly (readonly [string, Buffer])[] = [
  ['a lone continuation byte', Buffer.from([0x61, 0x80])],
  ['a character that is cut off', Buffer.from([0xe2, 0x82])],
  ['an overlong form', Buffer.from([0xc0, 0xaf])],
  ['half of a surrogate pair', Buffer.from([0xed, 0xa0, 0x80])],
];

describe('StringDeserializer', () => {
  it.each([[''], ['a'], ['é한😀'], ['\uFEFFwith a byte order mark'], ['zero \0 inside']])(
    'gives %p as it was',
    (text) => {
      expect(decode(new StringDeserializer(), Buffer.from(text))).toBe(text);
    },
  );

  it.each(INVALID_UTF8)('refuses %s', (_, bytes) => {
    expect(failure(new StringDeserializer(), bytes).message).toContain('not UTF-8');
  });
});

describe('JsonDeserializer', () => {
  it.each([[{ id: 1, deep: [null, true, 'ü'] }], [[]], ['text'], [42], [false], [null]])('gives %p', (data) => {
    expect(decode(new JsonDeserializer(), Buffer.from(JSON.stringify(data)))).toEqual(data);
  });

  it('has a property named __proto__ as data', () => {
    const decoded = decode(new JsonDeserializer(), Buffer.from('{"__proto__":{"admin":true}}')) as object;

    expect(Object.keys(decoded)).toEqual(['__proto__']);
    expect('admin' in decoded).toBe(false);
  });

  it.each([
    ['text', 'secret', 'not JSON'],
    ['what is behind the end', '{"a":1} secret', 'not JSON, from character 8 on'],
    ['nothing', '', 'empty'],
    ['what is cut off', '{"secret":1', 'not JSON'],
    ['single quotes', "{'secret':1}", 'not JSON'],
    ['NaN', 'NaN', 'not JSON'],
  ])('refuses %s, without quoting it', (_, text, message) => {
    expect(failure(new JsonDeserializer(), Buffer.from(text)).message).toContain(message);
  });

  it.each(INVALID_UTF8)('refuses %s inside of a text', (_, bytes) => {
    const json = Buffer.concat([Buffer.from('"'), bytes, Buffer.from('"')]);

    expect(failure(new JsonDeserializer(), json).message).toContain('not UTF-8');
  });
});

describe('BufferDeserializer', () => {
  it('gives the bytes in memory of their own', () => {
    const bytes = Buffer.from([0, 255, 128]);
    const decoded = new BufferDeserializer().deserialize('orders', bytes);
    decoded[0] = 7;

    expect(decoded).toEqual(Buffer.from([7, 255, 128]));
    expect(bytes[0]).toBe(0);
  });
});

describe('number deserializers', () => {
  it("read Java's bytes", () => {
    expect(decode(new Int32Deserializer(), Buffer.from('fffffffe', 'hex'))).toBe(-2);
    expect(decode(new Int64Deserializer(), Buffer.from('0000000000000001', 'hex'))).toBe(1n);
    expect(decode(new Int64Deserializer(), Buffer.from('7fffffffffffffff', 'hex'))).toBe(2n ** 63n - 1n);
    expect(decode(new Float64Deserializer(), Buffer.from('3ff8000000000000', 'hex'))).toBe(1.5);
  });

  it.each([
    [new Int32Deserializer(), 'An int32 has 4 bytes', [0, 3, 5, 8]],
    [new Int64Deserializer(), 'An int64 has 8 bytes', [0, 4, 7, 9]],
    [new Float64Deserializer(), 'A float64 has 8 bytes', [0, 4, 7, 9]],
  ])('%p refuses any other length', (deserializer, message, lengths) => {
    for (const length of lengths) expect(failure(deserializer, Buffer.alloc(length)).message).toContain(message);
  });
});

describe('createNamedDeserializer', () => {
  it('has one for every serializer', () => {
    expect(DESERIALIZER_NAMES).toEqual(SERIALIZER_NAMES);
  });

  it.each([['toString'], ['__proto__'], ['avro'], ['']])('does not know %p', (name) => {
    expect(createNamedDeserializer(name)).toBeNull();
  });

  it('gives back what the serializer of the same name was given', () => {
    const data: Record<string, () => unknown> = {
      string: () => random.bytes(40).toString('latin1'),
      json: () => ({ text: random.bytes(20).toString('latin1'), number: random.next(), list: [random.next() < 0.5] }),
      buffer: () => random.bytes(random.integer(0, 40)),
      int32: () => random.integer(-(2 ** 31), 2 ** 31 - 1),
      int64: () => random.bytes(8).readBigInt64BE(0),
      float64: () => random.next() * 10 ** random.integer(-300, 300),
    };
    for (const name of DESERIALIZER_NAMES) {
      for (let run = 0; run < 50; run++) {
        const given = data[name]?.();
        const bytes = createNamedSerializer(name)?.serialize('orders', given) ?? '';
        const deserializer = createNamedDeserializer(name);
        if (deserializer === null) throw new Error(name);
        expect(decode(deserializer, Buffer.from(bytes))).toEqual(given);
      }
    }
  });
});
