import { describe, expect, it } from '@jest/globals';
import { Pacer } from './pacer.js';

describe('Pacer', () => {
  it('spreads turns evenly', () => {
    const pacer = new Pacer(4);
    expect([0, 0, 0, 500].map((now) => pacer.take(now))).toEqual([0, 250, 500, 250]);
  });

  it('makes up for no pause', () => {
    const pacer = new Pacer(10);
    pacer.take(0);
    expect([10_000, 10_000].map((now) => pacer.take(now))).toEqual([0, 100]);
  });

  it('lets everything go without a rate', () => {
    const pacer = new Pacer(null);
    expect([0, 0].map((now) => pacer.take(now))).toEqual([0, 0]);
  });
});
