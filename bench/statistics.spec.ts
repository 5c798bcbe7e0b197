import { median, spread } from './statistics.js';

describe('median', () => {
  it('is the value in the middle, whatever the order', () => {
    expect(median([30, 1, 2])).toBe(2);
  });

  it('is the mean of the two in the middle of an even number', () => {
    expect(median([4, 1, 2, 10])).toBe(3);
  });

  it('refuses an empty list', () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('spread', () => {
  it('names the middle and both ends', () => {
    expect(spread([3, 9, 1])).toEqual({ median: 3, min: 1, max: 9 });
  });
});
