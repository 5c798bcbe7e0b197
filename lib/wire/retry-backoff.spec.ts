import { RetryBackoff } from './retry-backoff.js';

function delays(backoff: RetryBackoff, count: number): number[] {
  return Array.from({ length: count }, (_, index) => backoff.delay(index + 1));
}

describe('RetryBackoff', () => {
  it('doubles from the initial time to the maximum (producer-semantics 2.5)', () => {
    expect(delays(new RetryBackoff(100, 1_000, () => 0.5), 6)).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  it('varies by a fifth, but never beyond the maximum', () => {
    expect(delays(new RetryBackoff(100, 1_000, () => 0), 5)).toEqual([80, 160, 320, 640, 800]);
    const longest = delays(new RetryBackoff(100, 1_000, () => 0.999_999), 5);
    [120, 240, 480, 960, 1_000].forEach((expected, index) => expect(longest[index]).toBeCloseTo(expected, 1));
    expect(Math.max(...longest)).toBeLessThanOrEqual(1_000);
  });

  it('does not wait before anything has failed', () => {
    expect([new RetryBackoff(100, 1_000).delay(0), new RetryBackoff(100, 1_000).delay(-1)]).toEqual([0, 0]);
  });

  it('stays a number after very many attempts', () => {
    expect(new RetryBackoff(100, 1_000, () => 0.5).delay(1_000_000)).toBe(1_000);
    expect(new RetryBackoff(0, 0).delay(1_000_000)).toBe(0);
  });
});
