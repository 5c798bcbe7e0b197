import { describe, expect, it } from '@jest/globals';
import { InvalidArgumentError } from 'commander';
import { collect, collectPairs, integer, moment, offset } from './option-values.js';

describe('name=value', () => {
  it('collects pairs, keeps what stands behind the first =, and lets the last one win', () => {
    const first = collectPairs('sasl.jaas.config=x required a="b";');
    expect(collectPairs('linger.ms=2', collectPairs('linger.ms=1', first))).toEqual({
      'sasl.jaas.config': 'x required a="b";',
      'linger.ms': '2',
    });
  });

  it.each(['linger.ms', '=5', ''])('refuses %j', (text) => {
    expect(() => collectPairs(text)).toThrow(InvalidArgumentError);
  });

  it('collects plain values in order', () => {
    expect(collect('b', collect('a'))).toEqual(['a', 'b']);
  });
});

describe('numbers', () => {
  it.each([
    ['1', 1],
    ['-5', -5],
    [' 7 ', 7],
  ])('reads %j', (text, value) => {
    expect(integer(-5, 7)(text)).toBe(value);
  });

  it.each(['8', '-6', '1.5', 'x', ''])('refuses %j outside of -5 to 7', (text) => {
    expect(() => integer(-5, 7)(text)).toThrow('Give a whole number from -5 to 7.');
  });

  it('reads offsets of any size that Kafka has, exactly', () => {
    expect(offset('9223372036854775807')).toBe(9_223_372_036_854_775_807n);
  });

  it.each(['-1', '9223372036854775808', '1e3', 'latest'])('refuses the offset %j', (text) => {
    expect(() => offset(text)).toThrow(InvalidArgumentError);
  });
});

describe('moments', () => {
  it.each([
    ['1700000000000', 1_700_000_000_000],
    ['2026-11-21T09:30:00Z', Date.UTC(2026, 10, 21, 9, 30)],
    ['2026-11-21T09:30:00.250+01:00', Date.UTC(2026, 10, 21, 8, 30, 0, 250)],
    ['2026-11-21', Date.UTC(2026, 10, 21)],
    ['2026-11-21T09:30', Date.UTC(2026, 10, 21, 9, 30)],
    ['2024-02-29', Date.UTC(2024, 1, 29)],
  ])('reads %j', (text, value) => {
    expect(moment(text)).toBe(value);
  });

  it.each(['yesterday', '2026-13-01', '2026-02-31', '2026-02-29T10:00Z', '21.11.2026', '', '2026-11-21 09:30'])(
    'refuses %j',
    (text) => {
      expect(() => moment(text)).toThrow('ISO 8601');
    },
  );
});
