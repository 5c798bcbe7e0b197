import { ProtocolReader } from '../../wire/protocol/protocol-reader.js';
import { InvalidRecordError } from '../errors.js';
import type { RecordHeaders } from '../record.js';
import { encodeHeaders } from './encode-headers.js';

function decoded(headers: RecordHeaders): [string, string | null][] {
  const encoded = encodeHeaders(headers, 't');
  if (encoded === null) return [];
  const reader = new ProtocolReader(encoded.bytes, 'headers');
  const text = (): string | null => {
    const length = reader.varint();
    return length === -1 ? null : reader.view(length).toString('utf8');
  };
  const pairs: [string, string | null][] = [];
  for (let index = 0; index < encoded.count; index++) pairs.push([String(text()), text()]);
  reader.expectEnd();
  return pairs;
}

describe('encodeHeaders', () => {
  it('takes an object in the order of its properties, with text, bytes, nothing, and several values of one name', () => {
    expect(
      decoded({
        trace: 'größe',
        raw: Buffer.from('b'),
        view: new Uint8Array([0x63]),
        none: null,
        list: ['1', null, '3'],
      }),
    ).toEqual([
      ['trace', 'größe'],
      ['raw', 'b'],
      ['view', 'c'],
      ['none', null],
      ['list', '1'],
      ['list', null],
      ['list', '3'],
    ]);
  });

  it('takes a list with repeated, empty and foreign names in its order', () => {
    expect(
      decoded([
        { key: 'b', value: '1' },
        { key: '', value: '' },
        { key: 'b', value: null },
        { key: '東京', value: Buffer.alloc(0) },
      ]),
    ).toEqual([
      ['b', '1'],
      ['', ''],
      ['b', null],
      ['東京', ''],
    ]);
  });

  it('takes names of Object’s own for data', () => {
    const parsed = JSON.parse(
      '{"__proto__":"p","constructor":"c","toString":"s","hasOwnProperty":"h"}',
    ) as RecordHeaders;
    expect(decoded(parsed)).toEqual([
      ['__proto__', 'p'],
      ['constructor', 'c'],
      ['toString', 's'],
      ['hasOwnProperty', 'h'],
    ]);
    expect(decoded([{ key: '__proto__', value: 'x' }])).toEqual([['__proto__', 'x']]);
    expect(decoded(Object.assign(Object.create(null) as object, { a: '1' }) as RecordHeaders)).toEqual([['a', '1']]);
  });

  it('does not take what is inherited', () => {
    expect(decoded(Object.create({ inherited: 'x' }) as RecordHeaders)).toEqual([]);
  });

  it('gives nothing for no headers', () => {
    expect([encodeHeaders({}, 't'), encodeHeaders([], 't'), encodeHeaders({ empty: [] }, 't')]).toEqual([
      null,
      null,
      null,
    ]);
  });

  it('copies: later changes do not reach the record', () => {
    const value = Buffer.from('before');
    const encoded = encodeHeaders({ h: value }, 't');
    value.fill('x');
    expect(encoded?.bytes.toString()).toContain('before');
  });

  it.each<[string, unknown]>([
    ['null', null],
    ['a text', 'a=b'],
    ['a number', 7],
    ['a function', () => undefined],
    ['a Map, whose entries would be lost', new Map([['a', 'b']])],
    ['a Set', new Set(['a'])],
    ['bytes', Buffer.from('ab')],
    ['a list of lists', [['a', 'b']]],
    ['a list with nothing in it', [undefined]],
    ['a list with null in it', [null]],
    ['a name that is no text', [{ key: 7, value: 'x' }]],
    ['a name that is missing', [{ value: 'x' }]],
    ['a value that is undefined', { a: undefined }],
    ['a value that is missing', [{ key: 'a' }]],
    ['a value that is a number', { a: 7 }],
    ['a value that is a boolean', { a: true }],
    ['a value that is an object', { a: { b: 'c' } }],
    ['a value that is a Date', { a: new Date(0) }],
    ['a value that is an ArrayBuffer', { a: new ArrayBuffer(2) }],
    ['a list of values with a number in it', { a: ['x', 7] }],
    ['a list of lists of values', { a: [['x']] }],
  ])('refuses %s with a named error that names the topic', (_, headers) => {
    const encode = (): unknown => encodeHeaders(headers as RecordHeaders, 'orders');
    expect(encode).toThrow(InvalidRecordError);
    expect(encode).toThrow(/orders/);
  });

  it('names the header, not its value', () => {
    const encode = (): unknown => encodeHeaders({ token: { secret: 'hush' } } as unknown as RecordHeaders, 't');
    expect(encode).toThrow(/"token"/);
    expect(encode).not.toThrow(/hush/);
  });
});
