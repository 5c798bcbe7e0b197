import { describe, expect, it } from '@jest/globals';
import { jsonDeserializer, PRINTED_AS, textDeserializer } from './printed-parts.js';

function bytes(write: (buffer: Buffer) => void): Buffer {
  const buffer = Buffer.alloc(8);
  write(buffer);
  return buffer;
}

const LARGE = bytes((buffer) => buffer.writeBigInt64BE(9_007_199_254_740_993n));
const NOT_A_NUMBER = bytes((buffer) => buffer.writeDoubleBE(Number.NaN));

describe('what is printed of a key or value', () => {
  it.each([
    ['string', Buffer.from([0xff]), Buffer.from([0xff]), { suffix: 'Base64', content: '/w==' }],
    ['string', Buffer.from('é'), Buffer.from('é'), { suffix: '', content: 'é' }],
    ['buffer', Buffer.from([0xff]), '/w==', { suffix: 'Base64', content: '/w==' }],
    ['hex', Buffer.from([0xff, 1]), 'ff01', { suffix: 'Hex', content: 'ff01' }],
    ['json', Buffer.from('{"a": [1]}'), '{"a":[1]}', { suffix: '', content: { a: [1] } }],
    ['int64', LARGE, '9007199254740993', { suffix: '', content: '9007199254740993' }],
    ['float64', NOT_A_NUMBER, 'NaN', { suffix: '', content: 'NaN' }],
    ['int32', Buffer.from([0, 0, 1, 0]), '256', { suffix: '', content: 256 }],
  ])('as %s', (name, given, text, json) => {
    expect(PRINTED_AS).toContain(name);
    expect(textDeserializer(name).deserialize('t', given, [])).toEqual(text);
    expect(jsonDeserializer(name).deserialize('t', given, [])).toEqual(json);
  });
});
