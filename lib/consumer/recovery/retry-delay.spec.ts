import { createRandom } from '../../../test/support/random.js';
import { RecordingLog } from '../../../test/support/recording-log.js';
import { silentLog } from '../../wire/log-sink.js';
import { DEFAULT_BACKOFF, type RecoverySettings } from './recovery-settings.js';
import { RetryDelay } from './retry-delay.js';
import { failedRecord } from './spec-support/failed-record.js';

const random = createRandom();

function delays(backoff: RecoverySettings['backoff'], attempts: readonly number[], next = () => 0.5): number[] {
  const delay = new RetryDelay(backoff, silentLog, next);
  return attempts.map((attempt) => delay.of(failedRecord({ attempts: attempt })));
}

describe('the pause before another attempt', () => {
  it('doubles up to its limit', () => {
    expect(delays(DEFAULT_BACKOFF, [1, 2, 3, 6, 7, 8, 1_000_000])).toEqual([
      500, 1_000, 2_000, 16_000, 30_000, 30_000, 30_000,
    ]);
  });

  it('is spread by the jitter, and never beyond the limit', () => {
    expect(delays(DEFAULT_BACKOFF, [1, 3, 9], () => 0)).toEqual([400, 1_600, 24_000]);
    expect(delays(DEFAULT_BACKOFF, [1, 3, 9], () => 0.999_999)).toEqual([600, 2_400, 30_000]);
    const spread = delays(
      { ...DEFAULT_BACKOFF, jitter: 1 },
      Array.from({ length: 500 }).fill(1) as number[],
      random.next,
    );
    expect(Math.min(...spread)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...spread)).toBeLessThanOrEqual(1_000);
    expect(new Set(spread).size).toBeGreaterThan(100);
  });

  it('stays nothing when it begins with nothing', () => {
    expect(delays({ ...DEFAULT_BACKOFF, initialMs: 0 }, [1, 2, 5_000])).toEqual([0, 0, 0]);
  });

  it('is what a function says, as far as a timer can wait', () => {
    const failed = failedRecord({ attempts: 3 });
    const asked: unknown[] = [];
    const backoff = (...given: unknown[]): number => {
      asked.push(given);
      return 7;
    };

    expect(new RetryDelay(backoff, silentLog).of(failed)).toBe(7);
    expect(asked).toEqual([[3, failed.error, failed.record]]);
    expect(new RetryDelay(() => Infinity, silentLog).of(failed)).toBe(2_147_483_647);
  });

  it.each([
    ['is negative', () => -1],
    ['is no number', () => Number.NaN],
    ['is a promise', () => Promise.resolve(1) as unknown as number],
    [
      'was thrown',
      () => {
        throw new Error('secret');
      },
    ],
  ])('is the default, with a line in the log, where the answer of a function %s', (_, backoff) => {
    const log = new RecordingLog();

    expect(new RetryDelay(backoff, log, () => 0.5).of(failedRecord({ attempts: 2 }))).toBe(1_000);
    expect(log.lines).toHaveLength(1);
    expect(log.lines[0]).toMatch(/^error recovery\.backoff of Orders\.onOrder .* The default pause is taken\.$/);
    expect(log.lines[0]).not.toContain('secret');
  });
});
