import { jest } from '@jest/globals';
import { CompletionPace } from './completion-pace.js';

const HELD = 20;

describe('the rest of a transactional id', () => {
  beforeEach(() => {
    jest.useFakeTimers({ now: 0 });
    jest.advanceTimersByTime(1_000);
  });
  afterEach(() => jest.useRealTimers());

  /** How long the id rests after a transaction, in milliseconds. */
  function rest(pace: CompletionPace): number {
    pace.transactionEnded();
    return pace.restedAt - performance.now();
  }

  /** Transactions so many milliseconds after one another, on a broker that needs so many to complete one. */
  function run(
    pace: CompletionPace,
    { apartMs, neededMs, times }: Record<'apartMs' | 'neededMs' | 'times', number>,
  ): number {
    let held = 0;
    for (let i = 0; i < times; i++) {
      pace.transactionEnded();
      jest.advanceTimersByTime(apartMs);
      const isDirect = performance.now() >= pace.restedAt;
      pace.transactionBegun();
      const isComplete = apartMs >= neededMs;
      if (isDirect) pace.firstBatchTook(isComplete ? 1 : HELD);
      else if (!isComplete) pace.refused();
      if (isDirect && !isComplete) held++;
    }
    return held;
  }

  it('is none before the first transaction', () => {
    expect(new CompletionPace().restedAt).toBe(0);
  });

  it('is some milliseconds at first, and gets shorter as long as nothing is refused or held', () => {
    const pace = new CompletionPace();
    const first = rest(pace);
    expect(first).toBeGreaterThan(5);
    run(pace, { apartMs: 20, neededMs: 1, times: 500 });
    expect(rest(pace)).toBe(2);
  });

  it('is longer than what was refused or held last', () => {
    const pace = new CompletionPace();
    run(pace, { apartMs: 8, neededMs: 9, times: 1 });
    expect(rest(pace)).toBeGreaterThan(8);
    const other = new CompletionPace();
    run(other, { apartMs: 14, neededMs: 15, times: 1 });
    expect(rest(other)).toBeGreaterThan(14);
  });

  it.each([3, 12, 30])('settles where few batches are held by brokers that need %s ms', (neededMs) => {
    const pace = new CompletionPace();
    let held = 0;
    for (let i = 0; i < 1_000; i++) {
      for (const apartMs of [1, neededMs - 1, neededMs + 1]) held += run(pace, { apartMs, neededMs, times: 1 });
    }
    expect(held / 3_000).toBeLessThan(0.03);
  });

  it('does not grow for what is slow long after the end', () => {
    const pace = new CompletionPace();
    const before = rest(pace);
    run(pace, { apartMs: 500, neededMs: 501, times: 3 });
    expect(rest(pace)).toBeLessThanOrEqual(before);
  });
});
