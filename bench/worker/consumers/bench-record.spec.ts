import { encodeRecord } from './bench-record.js';

const LETTERS = 'A'.repeat(100);

describe('encodeRecord', () => {
  it.each([0, 999_999])('makes JSON of the size asked for with the id %d', (id) => {
    const value = encodeRecord(id, LETTERS, 100);
    expect(Buffer.byteLength(value)).toBe(100);
    expect(JSON.parse(value)).toMatchObject({ id });
  });

  it('refuses a size without room for the id', () => {
    expect(() => encodeRecord(123_456, LETTERS, 20)).toThrow(RangeError);
  });
});
