import { describe, expect, it } from '@jest/globals';
import type { ConsumedRecord } from '../../consumer/consumed-record.js';
import { JsonFormatter } from '../consume/json-formatter.js';
import { jsonDeserializer } from '../consume/printed-parts.js';
import { JsonLineParser } from './json-line-parser.js';
import { LineError } from './line-error.js';

const parser = new JsonLineParser();

function parse(line: string): ReturnType<JsonLineParser['parse']> {
  return parser.parse(Buffer.from(line));
}

describe('a JSON line', () => {
  it('may leave out everything', () => {
    expect(parse('{}')).toEqual({ key: null, value: null, headers: [] });
  });

  it('has text, and JSON as its text', () => {
    expect(parse('{"key":7,"value":{"a":[1,null]}}')).toMatchObject({
      key: Buffer.from('7'),
      value: Buffer.from('{"a":[1,null]}'),
    });
    expect(parse('{"key":"","value":false}')).toMatchObject({ key: Buffer.alloc(0), value: Buffer.from('false') });
  });

  it('is refused when it would be stored otherwise than it stands there', () => {
    for (const line of ['{"value":12345678901234567890}', '{"key":{"id":-9007199254740993}}', '{"value":1e400}']) {
      expect(() => parse(line)).toThrow(/more digits.*as text/);
    }
    expect(parse('{"value":"12345678901234567890"}')?.value).toEqual(Buffer.from('12345678901234567890'));
    expect(parse('{"value":[9007199254740992]}')?.value).toEqual(Buffer.from('[9007199254740992]'));
    expect(parse('{"value":{"ratio":0.9436152384726547}}')?.value).toEqual(Buffer.from('{"ratio":0.9436152384726547}'));
    const line = Buffer.concat([Buffer.from('{"value":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    expect(() => parser.parse(line)).toThrow(/not UTF-8.*valueBase64/);
  });

  it('has bytes in base64 and in hexadecimal', () => {
    expect(parse('{"keyBase64":"/wA=","valueHex":"00FF"}')).toMatchObject({
      key: Buffer.from([0xff, 0]),
      value: Buffer.from([0, 0xff]),
    });
  });

  it('has no bytes that were cut off', () => {
    for (const line of ['{"valueBase64":"A"}', '{"valueBase64":"AAAAA==="}', '{"keyHex":"0"}']) {
      expect(() => parse(line)).toThrow(/must be text in/);
    }
  });

  it('has headers as a list or as an object', () => {
    const expected = [
      { key: 'a', value: Buffer.from('1') },
      { key: 'a', value: null },
      { key: 'b', value: Buffer.from('x') },
    ];
    expect(parse('{"headers":[{"key":"a","value":1},{"key":"a","value":null},{"key":"b","valueHex":"78"}]}')).toEqual(
      expect.objectContaining({ headers: expected }),
    );
    expect(parse('{"headers":{"a":["1",null],"b":"x"}}')).toEqual(expect.objectContaining({ headers: expected }));
  });

  it('says partition and time', () => {
    const time = Date.parse('2026-01-31T12:00:00Z');
    expect(parse('{"partition":3,"timestamp":"2026-01-31T12:00:00Z"}')).toMatchObject({
      partition: 3,
      timestamp: time,
    });
    expect(parse(`{"partition":null,"timestamp":${time}}`)).toEqual(expect.objectContaining({ timestamp: time }));
  });

  it('stands for nothing when it is empty', () => {
    expect(parse(' ')).toBeNull();
  });

  it.each([
    ['secret', /not JSON/],
    ['["secret"]', /no object/],
    ['{"val":"secret"}', /no field "val"/],
    ['{"key":"secret","keyHex":"00"}', /key and keyHex/],
    ['{"valueBase64":"sec ret"}', /base64/],
    ['{"valueHex":"secret"}', /hexadecimal/],
    ['{"headers":"secret"}', /headers must be/],
    ['{"headers":[{"value":"secret"}]}', /headers must be/],
    ['{"partition":-1}', /partition/],
    ['{"timestamp":"secret"}', /timestamp/],
  ])('%s is refused, and not repeated', (line, message) => {
    expect(() => parse(line)).toThrow(LineError);
    expect(() => parse(line)).toThrow(message);
    expect(() => parse(line)).not.toThrow(/secret/);
  });

  it('gives back what consume --json has printed, byte for byte', () => {
    const record: ConsumedRecord = {
      topic: 'orders',
      partition: 2,
      offset: 9_007_199_254_740_993n,
      timestamp: 1_700_000_000_000,
      timestampType: 'CreateTime',
      leaderEpoch: 0,
      key: Buffer.from([0xff, 0x0a]),
      value: Buffer.from('\ufefféя\u2028"\n'),
      headers: [
        { key: '__proto__', value: Buffer.from([0x80]) },
        { key: 'a', value: null },
        { key: 'a', value: Buffer.alloc(0) },
      ],
      sizeInBytes: 0,
    };
    const fields = jsonDeserializer('string');
    const line = new JsonFormatter({ key: fields, value: fields }).format(record).join('');
    expect(line.endsWith('\n')).toBe(true);
    expect(line.indexOf('\n')).toBe(line.length - 1);
    const { headers, key, partition, timestamp, value } = record;
    expect(parse(line)).toEqual({ key, value, headers, partition, timestamp });
  });
});
