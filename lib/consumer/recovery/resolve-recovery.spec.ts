import { ConfigError } from '../../producer/errors.js';
import type { RecoveryOptions } from './recovery-options.js';
import { resolveRecovery } from './resolve-recovery.js';

function failure(options: unknown): ConfigError {
  try {
    resolveRecovery(options as RecoveryOptions, 'Orders.onOrder');
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).message).toContain('listener Orders.onOrder');
    return error as ConfigError;
  }
  throw new Error('the options were taken');
}

describe('the option recovery', () => {
  it('has defaults: ten attempts with exponential back-off, then a stop', () => {
    const defaults = {
      attempts: 10,
      backoff: { initialMs: 500, multiplier: 2, maxMs: 30_000, jitter: 0.2 },
      retryable: [],
      notRetryable: [],
      deadLetter: null,
    };
    expect(resolveRecovery(undefined, 'x')).toEqual(defaults);
    expect(resolveRecovery({}, 'x')).toEqual(defaults);
    expect(resolveRecovery({ deadLetter: false, attempts: undefined, backoff: {} }, 'x')).toEqual(defaults);
  });

  it('takes what is given', () => {
    const backoff = (): number => 1;
    const topic = (): string => 'dead';
    const isLocked = (): boolean => true;
    expect(
      resolveRecovery(
        {
          attempts: Infinity,
          backoff,
          retryable: [isLocked],
          notRetryable: [RangeError],
          deadLetter: { topic, producer: 'other', stack: true },
        },
        'x',
      ),
    ).toEqual({
      attempts: Infinity,
      backoff,
      retryable: [isLocked],
      notRetryable: [RangeError],
      deadLetter: { topic, producer: 'other', stack: true },
    });
    expect(resolveRecovery({ deadLetter: true }, 'x').deadLetter).toEqual({
      topic: null,
      producer: null,
      stack: false,
    });
    expect(resolveRecovery({ deadLetter: {} }, 'x').deadLetter).toEqual({ topic: null, producer: null, stack: false });
  });

  it('lets a first pause beyond the default of the longest be as long as it says', () => {
    expect(resolveRecovery({ backoff: { initialMs: 60_000 } }, 'x').backoff).toMatchObject({
      initialMs: 60_000,
      maxMs: 60_000,
    });
  });

  it.each([
    [{ retries: 3 }, 'recovery.retries', 'It is called attempts, which counts the first one too.'],
    [{ dlq: true }, 'recovery.dlq', 'It is called deadLetter.'],
    [{ times: 3 }, 'recovery.times', 'There are attempts, backoff, retryable, notRetryable, deadLetter.'],
    [{ backoff: { min: 3 } }, 'recovery.backoff.min', 'There are initialMs, multiplier, maxMs, jitter.'],
    [{ deadLetter: { partition: 3 } }, 'recovery.deadLetter.partition', 'There are topic, producer, stack.'],
  ])('does not have %p', (options, setting, hint) => {
    const error = failure(options);
    expect(error).toMatchObject({ setting, rule: 'UNKNOWN' });
    expect(error.message).toContain(hint);
  });

  it.each([
    [true, 'recovery'],
    [[], 'recovery'],
    [null, 'recovery'],
    [{ attempts: 0 }, 'recovery.attempts'],
    [{ attempts: 1.5 }, 'recovery.attempts'],
    [{ attempts: '3' }, 'recovery.attempts'],
    [{ attempts: Number.NaN }, 'recovery.attempts'],
    [{ backoff: 500 }, 'recovery.backoff'],
    [{ backoff: { initialMs: -1 } }, 'recovery.backoff.initialMs'],
    [{ backoff: { initialMs: 0.5 } }, 'recovery.backoff.initialMs'],
    [{ backoff: { maxMs: '9' } }, 'recovery.backoff.maxMs'],
    [{ backoff: { initialMs: 10, maxMs: 9 } }, 'recovery.backoff.initialMs'],
    [{ backoff: { multiplier: 0.9 } }, 'recovery.backoff.multiplier'],
    [{ backoff: { multiplier: Infinity } }, 'recovery.backoff.multiplier'],
    [{ backoff: { jitter: 1.1 } }, 'recovery.backoff.jitter'],
    [{ retryable: Error }, 'recovery.retryable'],
    [{ retryable: ['Error'] }, 'recovery.retryable'],
    [{ notRetryable: [class Order {}] }, 'recovery.notRetryable'],
    [{ deadLetter: 'dead' }, 'recovery.deadLetter'],
    [{ deadLetter: { topic: '' } }, 'recovery.deadLetter.topic'],
    [{ deadLetter: { topic: 'a b' } }, 'recovery.deadLetter.topic'],
    [{ deadLetter: { topic: '..' } }, 'recovery.deadLetter.topic'],
    [{ deadLetter: { topic: 'x'.repeat(250) } }, 'recovery.deadLetter.topic'],
    [{ deadLetter: { producer: '' } }, 'recovery.deadLetter.producer'],
    [{ deadLetter: { stack: 'yes' } }, 'recovery.deadLetter.stack'],
  ])('refuses %p', (options, setting) => {
    expect(failure(options)).toMatchObject({ setting });
  });
});
