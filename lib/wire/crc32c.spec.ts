import { createRandom } from '../../test/support/random.js';
import { below } from '../../test/wire/random-data.js';
import { crc32c, crc32cIsNative, crc32cJavaScript } from './crc32c.js';

/** The vectors of RFC 3720, B.4, and the check value every catalogue of checksums gives. */
const VECTORS: readonly (readonly [string, Buffer, number])[] = [
  ['nothing', Buffer.alloc(0), 0],
  ['"123456789"', Buffer.from('123456789'), 0xe3069283],
  ['32 zeros', Buffer.alloc(32, 0), 0x8a9136aa],
  ['32 ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ['32 ascending bytes', Buffer.from(Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e],
  ['32 descending bytes', Buffer.from(Array.from({ length: 32 }, (_, index) => 31 - index)), 0x113fdb5c],
];

describe('crc32c', () => {
  it.each(VECTORS)('gives the published checksum of %s', (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
    expect(crc32cJavaScript(bytes)).toBe(expected);
  });

  it('uses the native package in this checkout, so that the comparison below means something', () => {
    expect(crc32cIsNative).toBe(true);
  });

  it('gives the same in JavaScript and natively, for any size and any range', () => {
    const random = createRandom();
    for (let round = 0; round < 300; round++) {
      const bytes = random.bytes(below(random, round < 250 ? 700 : 20_000));
      const start = below(random, bytes.length + 1);
      const end = start + below(random, bytes.length - start + 1);
      const range = Uint8Array.prototype.slice.call(bytes, start, end);
      const expected = bitByBit(range);
      expect(crc32c(bytes, start, end)).toBe(expected);
      expect(crc32cJavaScript(bytes, start, end)).toBe(expected);
      expect(crc32c(range)).toBe(expected);
    }
  });

  it('refuses a range that does not lie within the bytes', () => {
    const bytes = Buffer.alloc(10);
    expect(() => crc32c(bytes, -1)).toThrow(RangeError);
    expect(() => crc32c(bytes, 5, 4)).toThrow(RangeError);
    expect(() => crc32c(bytes, 0, 11)).toThrow(RangeError);
    expect(() => crc32c(bytes, Number.NaN)).toThrow(RangeError);
  });
});

/** The definition itself, one bit at a time. */
function bitByBit(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}
