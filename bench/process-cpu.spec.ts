import { parseProcessStat } from './process-cpu.js';

const AFTER_NAME = 'S 1 2 2 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 35 0 123456 1000000 2000';

describe('parseProcessStat', () => {
  it('adds user and system time', () => {
    expect(parseProcessStat(`4711 (java) ${AFTER_NAME}`)).toBe(3_000_000);
  });

  it('is not misled by blanks and brackets in the name of the program', () => {
    expect(parseProcessStat(`4711 (a b) c) ${AFTER_NAME}`)).toBe(3_000_000);
  });

  it('refuses anything else', () => {
    expect(() => parseProcessStat('no such process')).toThrow(RangeError);
  });
});
