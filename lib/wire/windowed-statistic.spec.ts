import { WindowedStatistic } from './windowed-statistic.js';

describe('WindowedStatistic', () => {
  it('is 0 everywhere before the first value', () => {
    const statistic = new WindowedStatistic();
    expect([statistic.total, statistic.rate(5), statistic.average(5), statistic.maximum(5)]).toEqual([0, 0, 0, 0]);
  });

  it('gives total, average and maximum', () => {
    const statistic = new WindowedStatistic();
    for (const value of [4, 9, 2]) statistic.record(1_000, value);
    expect([statistic.total, statistic.average(1_000), statistic.maximum(1_000)]).toEqual([15, 5, 9]);
  });

  it('gives the rate per second over at least 30 seconds, so that a burst is not taken for a flood', () => {
    const statistic = new WindowedStatistic();
    statistic.record(0, 300);
    expect(statistic.rate(0)).toBe(10);
    expect(statistic.rate(29_000)).toBe(10);
  });

  it('forgets in windows of 30 seconds, all but the total', () => {
    const statistic = new WindowedStatistic();
    statistic.record(0, 100);
    statistic.record(31_000, 10);
    expect(statistic.maximum(31_000)).toBe(100);
    expect(statistic.average(31_000)).toBe(55);
    expect(statistic.rate(31_000)).toBeCloseTo(110 / 31);
    statistic.record(62_000, 1);
    expect(statistic.maximum(62_000)).toBe(10);
    expect(statistic.maximum(200_000)).toBe(0);
    expect(statistic.rate(200_000)).toBe(0);
    expect(statistic.total).toBe(111);
  });

  it('keeps the maximum of negative values', () => {
    const statistic = new WindowedStatistic();
    statistic.record(0, -5);
    statistic.record(0, -7);
    expect(statistic.maximum(0)).toBe(-5);
  });
});
