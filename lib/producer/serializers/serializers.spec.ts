import { SerializationError } from '../errors.js';
import { BufferSerializer } from './buffer.serializer.js';
import { DefaultKeySerializer } from './default-key.serializer.js';
import { DefaultValueSerializer } from './default-value.serializer.js';
import { Float64Serializer } from './float64.serializer.js';
import { Int32Serializer } from './int32.serializer.js';
import { Int64Serializer } from './int64.serializer.js';
import { JsonSerializer } from './json.serializer.js';
import { createNamedSerializer, SERIALIZER_NAMES } from './named-serializers.js';
import type { Serializer } from './serializer.js';
import { StringSerializer } from './string.serializer.js';

const hex = (serializer: Serializer, data: unknown): string =>
  Buffer.from(serializer.serialize('t', data) as Uint8Array).toString('hex');

/** The error a value fails with; its message must not repeat what the value holds. */
function failure(serializer: Serializer, data: unknown): SerializationError {
  try {
    serializer.serialize('orders', data);
  } catch (error) {
    expect(error).toBeInstanceOf(SerializationError);
    expect((error as SerializationError).topic).toBe('orders');
    expect((error as SerializationError).message).not.toContain('secret');
    return error as SerializationError;
  }
  throw new Error('the value was serialized');
}

const cyclic = (): object => {
  const order: Record<string, unknown> = { id: 'secret' };
  order['self'] = order;
  return order;
};

describe('StringSerializer', () => {
  it('hands text on as it is', () => {
    expect(new StringSerializer().serialize('t', 'é한')).toBe('é한');
  });

  it.each([[1], [{ id: 'secret' }], [Buffer.from('secret')], [undefined], [true]])('refuses %p', (data) => {
    expect(failure(new StringSerializer(), data).message).toContain('takes text');
  });
});

describe('BufferSerializer', () => {
  it('hands bytes on without a copy', () => {
    const bytes = Buffer.from('abc');

    expect(new BufferSerializer().serialize('t', bytes)).toBe(bytes);
  });

  it('takes the memory of other views and of an ArrayBuffer, and no more than that', () => {
    const memory = Uint8Array.from([0, 1, 2, 3, 4, 5, 6, 7]);

    expect(hex(new BufferSerializer(), new DataView(memory.buffer, 2, 3))).toBe('020304');
    expect(hex(new BufferSerializer(), memory.buffer)).toBe('0001020304050607');
  });

  it.each([['secret'], [[1, 2]], [1]])('refuses %p', (data) => {
    expect(failure(new BufferSerializer(), data).message).toContain('takes a Buffer');
  });
});

describe('number serializers', () => {
  it("write Java's bytes", () => {
    expect(hex(new Int32Serializer(), 1)).toBe('00000001');
    expect(hex(new Int32Serializer(), -2)).toBe('fffffffe');
    expect(hex(new Int64Serializer(), 1)).toBe('0000000000000001');
    expect(hex(new Int64Serializer(), -2n)).toBe('fffffffffffffffe');
    expect(hex(new Int64Serializer(), 2n ** 63n - 1n)).toBe('7fffffffffffffff');
    expect(hex(new Float64Serializer(), 1.5)).toBe('3ff8000000000000');
  });

  it.each([[2 ** 31], [-(2 ** 31) - 1], [1.5], [Number.NaN], ['1'], [1n]])('int32 refuses %p', (data) => {
    expect(failure(new Int32Serializer(), data).message).toContain('-2147483648 to 2147483647');
  });

  it.each([[2n ** 63n], [-(2n ** 63n) - 1n], [2 ** 53], [1.5], ['1']])('int64 refuses %p', (data) => {
    expect(failure(new Int64Serializer(), data).message).toContain('BigInt');
  });

  it('float64 refuses text', () => {
    expect(failure(new Float64Serializer(), '1.5').message).toContain('takes a number');
  });
});

describe('JsonSerializer', () => {
  const json = new JsonSerializer();

  it('writes dates as ISO 8601 and text with its quotes', () => {
    expect(json.serialize('t', { at: new Date(0), name: 'a"b' })).toBe(
      '{"at":"1970-01-01T00:00:00.000Z","name":"a\\"b"}',
    );
    expect(json.serialize('t', 'a')).toBe('"a"');
  });

  it('keeps a property named __proto__', () => {
    expect(json.serialize('t', JSON.parse('{"__proto__": {"a": 1}}'))).toBe('{"__proto__":{"a":1}}');
  });

  it('says where a BigInt sits and what to do', () => {
    expect(failure(json, { order: { ids: ['secret', 5n] } }).message).toMatch(/value\.order\.ids\[1\].*toString\(\)/);
    expect(failure(json, 5n).message).toContain('at value.');
  });

  it('names a cycle as what it is', () => {
    expect(failure(json, cyclic()).message).toContain('refers to itself');
  });

  it('finds the BigInt of a value that is cyclic as well, without running in circles', () => {
    expect(failure(json, Object.assign(cyclic(), { big: 1n })).message).toMatch(/refers to itself|value\.big/);
  });

  it.each([[undefined], [() => 'secret'], [Symbol('secret')], [{ toJSON: () => undefined }]])(
    'refuses %p, which has no JSON form',
    (data) => {
      expect(failure(json, data).message).toContain('no JSON form');
    },
  );

  it.each([[Number.NaN], [Number.POSITIVE_INFINITY]])('refuses %p, which would become null', (data) => {
    expect(failure(json, data).message).toContain('would become null');
  });

  it.each([[new Map([['secret', 1]])], [new Set(['secret'])]])('refuses %p, which would become {}', (data) => {
    expect(failure(json, data).message).toContain('lose its content');
  });

  it('keeps the error of a toJSON() as the cause', () => {
    const cause = new Error('secret');
    const error = failure(json, {
      toJSON: () => {
        throw cause;
      },
    });

    expect(error.cause).toBe(cause);
  });
});

describe('DefaultKeySerializer', () => {
  const serializer = new DefaultKeySerializer();

  it('hands text and bytes on as they are', () => {
    const bytes = Buffer.from('ff00', 'hex');

    expect(serializer.serialize('t', 'VIP')).toBe('VIP');
    expect(serializer.serialize('t', '')).toBe('');
    expect(serializer.serialize('t', bytes)).toBe(bytes);
  });

  it.each([
    [42, '42'],
    [-0, '0'],
    [1.5, '1.5'],
    [9007199254740993n, '9007199254740993'],
    [true, 'true'],
  ])('makes the text of %p', (key, text) => {
    expect(serializer.serialize('t', key)).toBe(text);
  });

  it.each([[{ id: 'secret' }], [['secret']], [new Date(0)], [Number.NaN], [Symbol('secret')], [() => 'secret']])(
    'refuses %p',
    (key) => {
      expect(failure(serializer, key).message).toContain('A key must be');
    },
  );
});

describe('DefaultValueSerializer', () => {
  const serializer = new DefaultValueSerializer();

  it('hands text and bytes on as they are', () => {
    const bytes = Buffer.from('ff00', 'hex');

    expect(serializer.serialize('t', 'text')).toBe('text');
    expect(serializer.serialize('t', bytes)).toBe(bytes);
    expect(hex(serializer, Uint16Array.from([1]))).toBe('0100');
  });

  it('makes JSON of everything else', () => {
    expect([{ a: 1 }, [1], 1, true, new Date(0)].map((data) => serializer.serialize('t', data))).toEqual([
      '{"a":1}',
      '[1]',
      '1',
      'true',
      '"1970-01-01T00:00:00.000Z"',
    ]);
  });

  it('refuses what JSON cannot hold', () => {
    expect(failure(serializer, { id: 1n }).message).toContain('value.id');
    expect(failure(serializer, cyclic()).message).toContain('refers to itself');
    expect(failure(serializer, undefined).message).toContain('no JSON form');
  });
});

describe('named serializers', () => {
  it('makes one for every name', () => {
    for (const name of SERIALIZER_NAMES) expect(typeof createNamedSerializer(name)?.serialize).toBe('function');
  });

  it.each(['constructor', '__proto__', 'String', ''])('knows no serializer %p', (name) => {
    expect(createNamedSerializer(name)).toBeNull();
  });
});
