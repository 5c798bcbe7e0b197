import { describe, expect, it } from '@jest/globals';
import { LineSplitter } from './line-splitter.js';

function split(chunks: readonly string[], maxBytes = 100): (string | null)[] {
  const splitter = new LineSplitter(maxBytes);
  const lines = [...chunks.flatMap((chunk) => [...splitter.push(Buffer.from(chunk))]), ...splitter.end()];
  expect(lines.map(({ number }) => number)).toEqual(lines.map((_, index) => index + 1));
  return lines.map(({ bytes }) => bytes?.toString() ?? null);
}

describe('LineSplitter', () => {
  it('cuts at line feeds, wherever chunks end, and keeps empty lines', () => {
    expect(split(['a\nb', 'c\n\n', '\nd', '', 'e\n'])).toEqual(['a', 'bc', '', '', 'de']);
  });

  it('takes a last line without a line feed', () => {
    expect(split(['a\nb'])).toEqual(['a', 'b']);
    expect(split([])).toEqual([]);
  });

  it('drops the carriage return of a line end, and only that', () => {
    expect(split(['a\r', '\nb\rc\r\r\n'])).toEqual(['a', 'b\rc\r']);
  });

  it('keeps bytes that are no text', () => {
    const bytes = Buffer.from([0xff, 0x00, 0xfe]);
    const [line] = [...new LineSplitter(10).push(Buffer.concat([bytes, Buffer.from('\n')]))];
    expect(line?.bytes).toEqual(bytes);
  });

  it('drops a line beyond the limit, and goes on with the next', () => {
    expect(split(['12345\n', '123456\n', '1234', '56', '789\n', 'ok\n', '1234567'], 5)).toEqual([
      '12345',
      null,
      null,
      'ok',
      null,
    ]);
  });
});
