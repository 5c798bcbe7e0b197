import { describe, expect, it } from '@jest/globals';
import { isoDuration } from './iso-duration.js';
import { collectScopes } from './topic-scope.js';

describe('a duration', () => {
  it.each([
    ['PT30M', 1_800_000],
    ['P1DT2H3M4.5S', 93_784_500],
    ['P7D', 604_800_000],
    ['pt0s', 0],
  ])('%s is %i ms', (text, ms) => {
    expect(isoDuration(text)).toBe(ms);
  });

  it.each(['', 'P', 'PT', 'P1DT', '30M', 'P1M', 'PT-5M', 'PT1H30'])('is not %j', (text) => {
    expect(() => isoDuration(text)).toThrow('ISO 8601');
  });
});

describe('the topics', () => {
  it('are whole ones, and some partitions of others', () => {
    expect(collectScopes('payments:0, 2', collectScopes('orders'))).toEqual([
      { topic: 'orders', partitions: null },
      { topic: 'payments', partitions: [0, 2] },
    ]);
  });

  it.each(['', ':1', 'orders:', 'orders:a', 'orders:-1', 'orders:1:2'])('are not %j', (text) => {
    expect(() => collectScopes(text)).toThrow('orders:0,2');
  });
});
