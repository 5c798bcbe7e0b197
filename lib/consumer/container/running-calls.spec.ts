import { describe, expect, it } from '@jest/globals';
import { type RunningCall, RunningCalls } from './running-calls.js';

/** A call that has begun so many milliseconds ago. */
function begun(calls: RunningCalls, agoMs: number): RunningCall {
  const call = { calledAt: 0 };
  calls.begin(call);
  call.calledAt -= agoMs;
  return call;
}

describe('the calls that have not ended', () => {
  it('are as old as the oldest of them, whichever ends', () => {
    const calls = new RunningCalls();
    expect(calls.oldestMs(Date.now())).toBe(0);
    const first = begun(calls, 90_000);
    const second = begun(calls, 60_000);
    const third = begun(calls, 30_000);
    expect(calls.oldestMs(Date.now())).toBeGreaterThanOrEqual(90_000);
    calls.end(first);
    const now = Date.now();
    expect(calls.oldestMs(now)).toBe(now - second.calledAt);
    calls.end(second);
    expect(calls.oldestMs(now)).toBe(now - third.calledAt);
    // Takes the place of the first one, and is younger.
    const fourth = begun(calls, 0);
    expect(calls.oldestMs(now)).toBe(now - third.calledAt);
    calls.end(third);
    calls.end(fourth);
    expect(calls.oldestMs(Date.now() + 1_000)).toBe(0);
  });

  it('begin anew with each attempt', () => {
    const calls = new RunningCalls();
    const call = begun(calls, 90_000);
    calls.end(call);
    calls.begin(call);
    expect(calls.oldestMs(Date.now())).toBeLessThan(90_000);
  });
});
