import { SharedWindow } from './shared-window.js';

const MIB = 1_048_576;

function sharesOf(counts: readonly number[]): number[] {
  return counts.map((count) => {
    const window = new SharedWindow();
    for (let index = 0; index < count; index++) window.enter();
    return window.share;
  });
}

describe('The memory for records of a group', () => {
  it('is 4 MiB for each of few partitions, and 64 MiB for all of many', () => {
    expect(sharesOf([0, 1, 16])).toEqual([4 * MIB, 4 * MIB, 4 * MIB]);
    expect(sharesOf([32, 256])).toEqual([2 * MIB, MIB / 4]);
  });

  it('is never less than 64 KiB for one', () => {
    expect(sharesOf([5_000])).toEqual([65_536]);
  });

  it('grows again when partitions are given away', () => {
    const window = new SharedWindow();
    for (let index = 0; index < 64; index++) window.enter();
    expect(window.share).toBe(MIB);
    for (let index = 0; index < 60; index++) window.leave();
    expect(window.share).toBe(4 * MIB);
  });
});
