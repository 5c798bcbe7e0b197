import { copyRecord } from './copy-record.js';
import type { ProducerRecord } from './record.js';
import { RawBytes } from './serializers/raw-bytes.js';

const copied = <T>(value: T): T => copyRecord({ topic: 't', value }).value as T;

describe('a copied record', () => {
  it('is what it was, whatever is changed afterwards', () => {
    const original = () => ({
      topic: 't',
      key: Buffer.from('key'),
      value: { lines: [{ count: 1 }], at: new Date(5) },
      partition: 2,
      timestamp: new Date(7),
      headers: { single: Buffer.from('h'), several: ['a', 'b'] },
    });
    const record = original();
    const copy = copyRecord(record);
    record.topic = 'other';
    record.key.fill('x');
    record.value.lines[0] = { count: 2 };
    record.value.lines.push({ count: 3 });
    record.value.at.setTime(0);
    record.partition = 0;
    record.timestamp.setTime(0);
    record.headers.single.fill('x');
    record.headers.several.pop();
    expect(copy).toEqual(original());
    expect(Buffer.isBuffer(copy.key)).toBe(true);
  });

  it('has the time of the copy where it has none', () => {
    const before = Date.now();
    const { timestamp } = copyRecord({ topic: 't', value: 'v' });
    expect(timestamp).toBeGreaterThanOrEqual(before);
    expect(timestamp).toBeLessThanOrEqual(Date.now());
    expect(copyRecord({ topic: 't', value: 'v', timestamp: 0 }).timestamp).toBe(0);
  });

  it.each<[string, () => Uint8Array, (copy: Uint8Array) => unknown]>([
    ['a Buffer', () => Buffer.from('abc'), (copy) => Buffer.isBuffer(copy)],
    ['other bytes', () => Uint8Array.of(97, 98, 99), (copy) => !Buffer.isBuffer(copy)],
  ])('has its own bytes, of the same kind: %s', (_, make, isOfItsKind) => {
    const bytes = make();
    const [plain, raw] = [copied(bytes), copied(new RawBytes(bytes))];
    bytes.fill(0);
    expect([String(Buffer.from(plain)), isOfItsKind(plain)]).toEqual(['abc', true]);
    expect(raw).toBeInstanceOf(RawBytes);
    expect([String(Buffer.from(raw.bytes)), isOfItsKind(raw.bytes)]).toEqual(['abc', true]);
  });

  it('has its own numbers in memory', () => {
    const numbers = new Float64Array(new ArrayBuffer(16)).fill(1);
    const [view, memory] = [copied(numbers), copied(numbers.buffer)];
    numbers.fill(0);
    expect([Array.from(view), Array.from(new Float64Array(memory))]).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });

  it('keeps what only a serializer of the user’s understands', () => {
    class Money {
      public constructor(public readonly cents: number) {}
    }
    class Lines extends Array<number> {}
    const value = { money: new Money(5), lines: Lines.of(1), tags: new Set(['a']), by: new Map([['a', 1]]), f: Money };
    const copy = copied(value);
    expect(copy).not.toBe(value);
    for (const name of ['money', 'lines', 'tags', 'by', 'f'] as const) expect(copy[name]).toBe(value[name]);
  });

  it('may hold itself, the same object twice, and any name', () => {
    const shared = { a: 1 };
    const value: Record<string, unknown> = { one: shared, two: shared };
    value['self'] = value;
    const copy = copied(value);
    expect(copy['self']).toBe(copy);
    expect(copy['one']).toBe(copy['two']);
    const odd = JSON.parse('{"__proto__":{"a":1}}') as object;
    expect(JSON.stringify(copied(odd))).toBe('{"__proto__":{"a":1}}');
    expect(Object.getPrototypeOf(copied(Object.create(null)))).toBeNull();
  });

  it('may be of a class of the user’s, with getters', () => {
    class Order {
      public readonly topic = 't';
      public get value(): string {
        return 'v';
      }
    }
    expect(copyRecord(new Order())).toMatchObject({ topic: 't', value: 'v' });
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a number', 5],
    ['an object whose getter throws', Object.defineProperty({}, 'topic', { get: () => notNow(), enumerable: true })],
  ])('is left to the engine, which says what is wrong with it: %s', (_, record) => {
    expect(copyRecord(record as ProducerRecord)).toBe(record);
  });
});

function notNow(): never {
  throw new Error('not now');
}
