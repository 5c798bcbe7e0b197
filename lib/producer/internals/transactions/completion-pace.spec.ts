import { CompletionPace } from './completion-pace.js';

const HELD = 20;

/** How long a transactional id rests after a transaction, in milliseconds. */
function rest(pace: CompletionPace): number {
  pace.transactionEnded();
  return pace.restedAt - performance.now();
}

describe('the rest of a transactional id', () => {
  it('is none before the first transaction', () => {
    expect(new CompletionPace().restedAt).toBe(0);
  });

  it('is some milliseconds after each, as long as the brokers hold nothing', () => {
    const pace = new CompletionPace();
    const first = rest(pace);
    expect(first).toBeGreaterThan(5);
    for (let i = 0; i < 100; i++) pace.firstBatchTook(1);
    expect(rest(pace)).toBeLessThan(first);
  });

  it('doubles with each batch that was held, up to a limit', () => {
    const pace = new CompletionPace();
    const before = rest(pace);
    pace.firstBatchTook(HELD);
    expect(rest(pace) / before).toBeCloseTo(2, 0);
    for (let i = 0; i < 20; i++) pace.firstBatchTook(HELD);
    expect(rest(pace)).toBeLessThanOrEqual(100);
  });

  it('settles where few batches are held, whatever the brokers need', () => {
    for (const needed of [3, 12, 40]) {
      const pace = new CompletionPace();
      let held = 0;
      for (let i = 0; i < 10_000; i++) {
        const isHeld = rest(pace) < needed;
        if (isHeld) held++;
        pace.firstBatchTook(isHeld ? HELD : 1);
      }
      expect(held / 10_000).toBeLessThan(0.01);
      expect(rest(pace)).toBeLessThanOrEqual(2 * needed);
    }
  });
});
