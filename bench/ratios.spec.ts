import { compare } from './ratios.js';

const AT_LEAST_TWO = { bound: 'at least', value: 2 } as const;
const AT_MOST_ONE = { bound: 'at most', value: 1 } as const;

describe('compare', () => {
  it('divides the medians, and shows the ratios within the repetitions', () => {
    expect(compare('a/b', { valueBytes: 100 }, [300, 100, 200], [100, 100, 50])).toEqual({
      name: 'a/b',
      valueBytes: 100,
      ratio: 2,
      range: { min: 1, max: 4 },
      target: null,
      met: null,
    });
  });

  it.each([
    [200, AT_LEAST_TWO, true],
    [199, AT_LEAST_TWO, false],
    [100, AT_MOST_ONE, true],
    [101, AT_MOST_ONE, false],
  ])('judges %d to 100 by the target %j: %p', (numerator, target, met) => {
    expect(compare('a/b', {}, [numerator], [100], target)?.met).toBe(met);
  });

  it('has no ratio when one side was not measured', () => {
    expect(compare('a/b', {}, [1], undefined)).toBeNull();
    expect(compare('a/b', {}, [], [1])).toBeNull();
    expect(compare('a/b', {}, [1], [0])).toBeNull();
  });
});
