import { createRandom } from '../../../test/support/random.js';
import { below } from '../../../test/wire/random-data.js';
import { KafkaError } from '../kafka-error.js';
import { MalformedResponseError } from '../malformed-response-error.js';
import { ProtocolReader } from './protocol-reader.js';
import { ProtocolWriter } from './protocol-writer.js';

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

function reading(text: string): ProtocolReader {
  return new ProtocolReader(hex(text), 'Test');
}

describe('ProtocolWriter and ProtocolReader', () => {
  it('read back every primitive type that was written', () => {
    const writer = new ProtocolWriter(1);
    writer
      .boolean(true)
      .int8(-5)
      .int16(-300)
      .int32(-70_000)
      .uint32(0xfffffffe)
      .int64(-(2n ** 63n))
      .int64FromNumber(1_700_000_000_123);
    writer
      .string('äöü')
      .nullableString(null)
      .compactString('')
      .compactNullableString(null)
      .compactNullableString('x'.repeat(200));
    writer.bytes(hex('0102')).nullableBytes(null).compactBytes(hex('03')).compactNullableBytes(null);
    writer.array([1, 2], (value) => writer.int8(value)).nullableArray(null, () => undefined);
    writer
      .compactArray([3], (value) => writer.int8(value))
      .compactNullableArray(null, () => undefined)
      .noTags();

    const reader = new ProtocolReader(writer.toBuffer());
    expect(reader.boolean()).toBe(true);
    expect(reader.int8()).toBe(-5);
    expect(reader.int16()).toBe(-300);
    expect(reader.int32()).toBe(-70_000);
    expect(reader.uint32()).toBe(0xfffffffe);
    expect(reader.int64()).toBe(-(2n ** 63n));
    expect(reader.int64AsNumber()).toBe(1_700_000_000_123);
    expect(reader.string()).toBe('äöü');
    expect(reader.nullableString()).toBeNull();
    expect(reader.compactString()).toBe('');
    expect(reader.compactNullableString()).toBeNull();
    expect(reader.compactNullableString()).toBe('x'.repeat(200));
    expect(reader.bytes()).toEqual(hex('0102'));
    expect(reader.nullableBytes()).toBeNull();
    expect(reader.compactBytes()).toEqual(hex('03'));
    expect(reader.compactNullableBytes()).toBeNull();
    expect(reader.array((element) => element.int8())).toEqual([1, 2]);
    expect(reader.nullableArray((element) => element.int8())).toBeNull();
    expect(reader.compactArray((element) => element.int8())).toEqual([3]);
    expect(reader.compactNullableArray((element) => element.int8())).toBeNull();
    reader.skipTags();
    expect(reader.remaining).toBe(0);
    expect(() => reader.expectEnd()).not.toThrow();
  });

  it('read back varints of every size, positive and negative', () => {
    const random = createRandom();
    const numbers: number[] = [0, 1, -1, 63, 64, -64, -65, 2 ** 31 - 1, -(2 ** 31)];
    const longs: bigint[] = [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n - 1n];
    for (let round = 0; round < 500; round++) {
      const size = below(random, 32);
      numbers.push((below(random, 2 ** size) * (below(random, 2) === 0 ? 1 : -1)) | 0);
      longs.push((BigInt(below(random, 2 ** 30)) << BigInt(below(random, 33))) * (below(random, 2) === 0 ? 1n : -1n));
    }
    const writer = new ProtocolWriter();
    for (const value of numbers) writer.varint(value).uvarint(value >>> 0);
    for (const value of longs) writer.varlong(value);
    const safe = longs.filter((value) => Number.isSafeInteger(Number(value)));
    for (const value of safe) writer.varlong(value);

    const reader = new ProtocolReader(writer.toBuffer());
    for (const value of numbers) {
      expect(reader.varint()).toBe(value);
      expect(reader.uvarint()).toBe(value >>> 0);
    }
    for (const value of longs) expect(reader.varlong()).toBe(value);
    for (const value of safe) expect(reader.varlongAsNumber()).toBe(Number(value));
    reader.expectEnd();
  });

  it('writes the varints of the protobuf documentation', () => {
    const writer = new ProtocolWriter();
    writer.uvarint(150).varint(-1).varint(1).varint(2147483647).varint(-2147483648);
    expect(writer.toBuffer()).toEqual(hex('9601 01 02 feffffff0f ffffffff0f'));
  });
});

describe('ProtocolWriter', () => {
  it('refuses a text longer than its length field can say', () => {
    expect(() => new ProtocolWriter().string('ä'.repeat(16_384))).toThrow(KafkaError);
    expect(new ProtocolWriter().string('ä'.repeat(16_383)).length).toBe(2 + 32_766);
  });

  it('refuses numbers that do not fit their type', () => {
    const writer = new ProtocolWriter();
    expect(() => writer.int16(40_000)).toThrow(/out of range|is not an? .*number/);
    expect(() => writer.uvarint(-1)).toThrow(/out of range|is not an? .*number/);
    expect(() => writer.uvarint(1.5)).toThrow(/out of range|is not an? .*number/);
    expect(() => writer.varint(2 ** 31)).toThrow(/out of range|is not an? .*number/);
    expect(() => writer.varlong(2n ** 63n)).toThrow(/out of range|is not an? .*number/);
    expect(() => writer.int64(2n ** 63n)).toThrow(/out of range|is not an? .*number/);
  });
});

describe('ProtocolReader', () => {
  it.each<[string, string, (reader: ProtocolReader) => unknown]>([
    ['an integer that is cut off', '0000 00', (reader) => reader.int32()],
    ['a long that is cut off', '00000000 000000', (reader) => reader.int64()],
    ['a string longer than the rest', '0005 6162', (reader) => reader.string()],
    ['a negative string length', 'fffe 6162', (reader) => reader.nullableString()],
    ['null where a string must be', 'ffff', (reader) => reader.string()],
    ['null where a compact string must be', '00', (reader) => reader.compactString()],
    ['a compact string longer than the rest', '06 6162', (reader) => reader.compactString()],
    ['bytes of a negative length', 'fffffffe 00', (reader) => reader.nullableBytes()],
    ['bytes longer than the rest', '7fffffff 00', (reader) => reader.bytes()],
    ['an array with more elements than bytes', '7fffffff 00', (reader) => reader.array((element) => element.int8())],
    [
      'a compact array with more elements than bytes',
      'ffffffff0f 00',
      (reader) => reader.compactArray((element) => element.int8()),
    ],
    ['an array of a negative count', 'fffffffe', (reader) => reader.nullableArray((element) => element.int8())],
    ['null where an array must be', 'ffffffff', (reader) => reader.array((element) => element.int8())],
    ['more tagged fields than bytes', 'ffffffff0f 00', (reader) => reader.skipTags()],
    ['a tagged field longer than the rest', '01 00 09 00', (reader) => reader.tags()],
    ['the same tagged field twice', '02 01 00 01 00', (reader) => reader.tags()],
    ['a varint without an end', 'ffffffffffff', (reader) => reader.uvarint()],
    ['a varint of more than 32 bits', 'ffffffff1f', (reader) => reader.varint()],
    ['a varint that is cut off', 'ff', (reader) => reader.uvarint()],
    ['a varlong of more than 64 bits', 'ffffffffffffffffff02', (reader) => reader.varlong()],
    ['a varlong a number cannot hold', 'ffffffffffffffffff01', (reader) => reader.varlongAsNumber()],
    ['an int64 a number cannot hold', '7fffffffffffffff', (reader) => reader.int64AsNumber()],
    ['skipping a negative length', '00', (reader) => reader.skip(-1)],
    ['bytes left over', '00', (reader) => reader.expectEnd()],
  ])('throws MalformedResponseError for %s', (_, bytes, read) => {
    const reader = reading(bytes);
    expect(() => read(reader)).toThrow(MalformedResponseError);
    expect(() => read(reading(bytes))).toThrow(/^Test is malformed: .*Kafka broker/);
  });

  it('refuses a count before it reads any element', () => {
    expect(() => reading('000003e8 00').array(() => 0)).toThrow(MalformedResponseError);
    expect(() => reading('e907 00').compactArray(() => 0)).toThrow(MalformedResponseError);
  });

  it('collects tagged fields, known or not, and skips them', () => {
    expect(reading('02 00 02 abcd 07 00').tags()).toEqual(
      new Map([
        [0, hex('abcd')],
        [7, hex('')],
      ]),
    );
    const reader = reading('02 00 02 abcd 07 00 2a');
    reader.skipTags();
    expect(reader.int8()).toBe(42);
  });

  it('hands out views, not copies', () => {
    const bytes = hex('00000002 0102');
    const view = new ProtocolReader(bytes).bytes();
    bytes[4] = 9;
    expect(view).toEqual(hex('0902'));
  });
});
