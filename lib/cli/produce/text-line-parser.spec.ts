import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '../../producer/errors.js';
import { LineError } from './line-error.js';
import { readReaderProperties } from './reader-properties.js';
import { TextLineParser } from './text-line-parser.js';

function parse(line: string | Buffer, properties: Record<string, string> = {}): unknown {
  const { headers, key, value } = new TextLineParser(readReaderProperties(properties)).parse(Buffer.from(line));
  return {
    key: key?.toString() ?? null,
    value: value?.toString() ?? null,
    headers: headers.map((header) => [header.key, header.value?.toString() ?? null]),
  };
}

const KEY = { 'parse.key': 'true' };
const HEADERS = { 'parse.headers': 'true' };

describe('a line of text', () => {
  it('is the value', () => {
    expect(parse('a\tb')).toEqual({ key: null, value: 'a\tb', headers: [] });
    expect(parse('')).toEqual({ key: null, value: '', headers: [] });
  });

  it('has its key in front of the first separator', () => {
    expect(parse('k\tv\tw', KEY)).toEqual({ key: 'k', value: 'v\tw', headers: [] });
    expect(parse('\tv', KEY)).toEqual({ key: '', value: 'v', headers: [] });
    expect(parse('k::v', { ...KEY, 'key.separator': '::' })).toEqual({ key: 'k', value: 'v', headers: [] });
  });

  it('has its headers in front of the key', () => {
    const line = 'h1:v1,h2:,h1:a:b\tk\tv';
    const headers = [
      ['h1', 'v1'],
      ['h2', ''],
      ['h1', 'a:b'],
    ];
    expect(parse(line, { ...HEADERS, ...KEY })).toEqual({ key: 'k', value: 'v', headers });
    expect(parse('\tv', HEADERS)).toEqual({ key: null, value: 'v', headers: [] });
  });

  it('says which separator is missing, without the line', () => {
    expect(() => parse('secret', KEY)).toThrow(/no key\.separator "\\t"/);
    expect(() => parse('secret', HEADERS)).toThrow(/no headers\.delimiter/);
    expect(() => parse('secret\tv', HEADERS)).toThrow(/no headers\.key\.separator ":"/);
    for (const properties of [KEY, HEADERS]) expect(() => parse('secret', properties)).toThrow(LineError);
    expect(() => parse('secret', KEY)).not.toThrow(/secret/);
  });

  it('is taken as it is with ignore.error', () => {
    const lenient = { ...HEADERS, ...KEY, 'ignore.error': 'true' };
    expect(parse('v', lenient)).toEqual({ key: null, value: 'v', headers: [] });
    expect(parse('h\tk\tv', lenient)).toEqual({ key: 'k', value: 'v', headers: [['h', null]] });
  });

  it('has null where the marker stands alone', () => {
    const marked = { ...HEADERS, ...KEY, 'null.marker': 'NULL' };
    expect(parse('NULL\tNULL\tNULL', marked)).toEqual({ key: null, value: null, headers: [] });
    expect(parse('h:NULL,i:NULLx\tk\txNULL', marked)).toEqual({
      key: 'k',
      value: 'xNULL',
      headers: [
        ['h', null],
        ['i', 'NULLx'],
      ],
    });
    expect(() => parse('NULL:x\tk\tv', marked)).toThrow(LineError);
  });

  it('keeps bytes that are no text', () => {
    const parser = new TextLineParser(readReaderProperties(KEY));
    const { key, value } = parser.parse(Buffer.from([0xff, 0x09, 0x00, 0xfe]));
    expect([key, value]).toEqual([Buffer.from([0xff]), Buffer.from([0x00, 0xfe])]);
  });
});

describe('reader properties', () => {
  it.each([
    [{ 'parse.keys': 'true' }, /parse\.keys: there is no such property/],
    [{ 'parse.key': 'maybe' }, /true or false/],
    [{ 'key.separator': '' }, /must not be empty/],
    [{ ...HEADERS, 'headers.delimiter': ',' }, /must not be the same as headers\.separator/],
    [{ ...HEADERS, 'headers.separator': ':' }, /must not be the same as headers\.key\.separator/],
    [{ ...KEY, 'null.marker': '\t' }, /must not be the same as key\.separator/],
  ])('%j is refused', (properties, message) => {
    expect(() => readReaderProperties(properties)).toThrow(ConfigError);
    expect(() => readReaderProperties(properties)).toThrow(message);
  });

  it('may be equal where they are not in use', () => {
    expect(readReaderProperties({ 'headers.delimiter': ',', 'null.marker': '\t' })).toMatchObject({ parseKey: false });
  });
});
