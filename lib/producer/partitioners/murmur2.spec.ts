import { murmur2, toPositive } from './murmur2.js';

type Vector = [
  name: string,
  key: Buffer,
  hash: number,
  positive: number,
  mods: [number, number, number, number, number],
];

const text = (key: string): Buffer => Buffer.from(key, 'utf8');

/** Hash, its positive form, and the partition of 2, 3, 6, 12 and 50. */
const VECTORS: Vector[] = [
  ['(empty)', text(''), 275646681, 275646681, [1, 0, 3, 9, 31]],
  ['1', text('1'), -1993445489, 154038159, [1, 0, 3, 3, 9]],
  ['2', text('2'), 648968168, 648968168, [0, 2, 2, 8, 18]],
  ['21', text('21'), -973932308, 1173551340, [0, 0, 0, 0, 40]],
  ['a', text('a'), -1563381124, 584102524, [0, 1, 4, 4, 24]],
  ['ab', text('ab'), 316155434, 316155434, [0, 2, 2, 2, 34]],
  ['abc', text('abc'), 479470107, 479470107, [1, 0, 3, 3, 7]],
  ['abcd', text('abcd'), -1323649548, 823834100, [0, 2, 2, 8, 0]],
  ['foobar', text('foobar'), -790332482, 1357151166, [0, 0, 0, 6, 16]],
  ['key', text('key'), -1079937367, 1067546281, [1, 1, 1, 1, 31]],
  ['VIP', text('VIP'), 312863442, 312863442, [0, 0, 0, 6, 42]],
  ['order-1', text('order-1'), 1221710326, 1221710326, [0, 1, 4, 10, 26]],
  ['order-2', text('order-2'), -1055499005, 1091984643, [1, 0, 3, 3, 43]],
  ['user-42', text('user-42'), 1459644460, 1459644460, [0, 1, 4, 4, 10]],
  ['a-little-bit-long-string', text('a-little-bit-long-string'), -985981536, 1161502112, [0, 2, 2, 8, 12]],
  ['a-little-bit-longer-string', text('a-little-bit-longer-string'), -1486304829, 661178819, [1, 2, 5, 11, 19]],
  ['a 48-byte key', text('lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8'), -58897971, 2088585677, [1, 2, 5, 5, 27]],
  ['한국어', text('한국어'), 790120414, 790120414, [0, 1, 4, 10, 14]],
  ['U+1F600', text('\u{1F600}'), 131881617, 131881617, [1, 0, 3, 9, 17]],
  ['bytes ff 00 80 7f fe', Buffer.from('ff00807ffe', 'hex'), 1118688894, 1118688894, [0, 0, 0, 6, 44]],
];

describe('murmur2', () => {
  it.each(VECTORS)("gives Java's hash and partitions for %s", (_name, key, hash, positive, mods) => {
    expect(murmur2(key)).toBe(hash);
    expect(toPositive(murmur2(key))).toBe(positive);
    expect([2, 3, 6, 12, 50].map((count) => toPositive(murmur2(key)) % count)).toEqual(mods);
  });

  it('hashes the bytes of a view, not those of the memory around it', () => {
    const pool = Buffer.from('xxfoobarxx');

    expect(murmur2(pool.subarray(2, 8))).toBe(murmur2(text('foobar')));
  });

  it('stays within the positive range at the smallest int32, where Math.abs would not', () => {
    expect(toPositive(-2147483648)).toBe(0);
    expect(toPositive(-1)).toBe(2147483647);
  });
});
