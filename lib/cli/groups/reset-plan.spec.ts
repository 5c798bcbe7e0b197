import { describe, expect, it } from '@jest/globals';
import { planReset, type PartitionState } from './reset-plan.js';
import { resetTarget, type ResetTarget } from './reset-target.js';

const STATE: PartitionState = {
  topic: 'orders',
  partition: 0,
  committed: 40n,
  earliest: 10n,
  latest: 100n,
  atTime: 70n,
};

function plan(target: ResetTarget, state: Partial<PartitionState> = {}) {
  const [planned] = planReset([{ ...STATE, ...state }], target);
  return planned;
}

describe('the plan', () => {
  it.each<[ResetTarget, bigint]>([
    [{ kind: 'earliest' }, 10n],
    [{ kind: 'latest' }, 100n],
    [{ kind: 'current' }, 40n],
    [{ kind: 'offset', offset: 55n }, 55n],
    [{ kind: 'shift', by: -5n }, 35n],
    [{ kind: 'shift', by: 60n }, 100n],
    [{ kind: 'time', timestamp: 1 }, 70n],
  ])('for %o is %i, without a remark', (target, next) => {
    expect(plan(target)).toEqual({ topic: 'orders', partition: 0, current: 40n, next, remark: null });
  });

  it.each<[ResetTarget, bigint, Partial<PartitionState>]>([
    [{ kind: 'offset', offset: 9n }, 10n, {}],
    [{ kind: 'offset', offset: 101n }, 100n, {}],
    [{ kind: 'shift', by: -31n }, 10n, {}],
    [{ kind: 'shift', by: 61n }, 100n, {}],
    [{ kind: 'current' }, 10n, { committed: 3n }],
  ])('for %o stays within the log: %i, and says so', (target, next, state) => {
    expect(plan(target, state)).toMatchObject({ next, remark: expect.stringContaining('outside of 10 to 100') });
  });

  it('goes to the end where no record is that young, or nothing is committed', () => {
    const time = { kind: 'time', timestamp: 1 } as const;
    expect(plan(time, { atTime: null })).toMatchObject({ next: 100n, remark: expect.stringContaining('that young') });
    const current = { kind: 'current' } as const;
    expect(plan(current, { committed: null })).toMatchObject({
      next: 100n,
      remark: expect.stringContaining('nothing is committed'),
    });
  });

  it('shifts nothing that is not committed', () => {
    expect(() => plan({ kind: 'shift', by: 1n }, { committed: null })).toThrow('orders-0 cannot be shifted');
  });
});

describe('the target', () => {
  it('is a time before now for a duration', () => {
    expect(resetTarget({ byDuration: 1_000 }, 5_000)).toEqual({ kind: 'time', timestamp: 4_000 });
  });

  it('is one, and not none', () => {
    expect(() => resetTarget({}, 0)).toThrow('Say where to');
    expect(() => resetTarget({ toEarliest: true, toOffset: 0n }, 0)).toThrow('one target only');
  });
});
