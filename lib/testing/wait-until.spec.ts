import { describe, expect, it } from '@jest/globals';
import { KafkaError } from '../wire/kafka-error.js';
import { waitUntil } from './wait-until.js';

describe('waitUntil', () => {
  it('checks until the condition holds, errors in between included', async () => {
    let checks = 0;
    const check = (): boolean => {
      if (++checks === 1) throw new Error('not yet');
      return checks === 3;
    };
    await waitUntil('the third check', 1_000, check, 1);
    expect(checks).toBe(3);
  });

  it('names what it waited for, and the last error, when the limit is over', async () => {
    const check = (): boolean => {
      throw new Error('connection refused');
    };
    await expect(waitUntil('a broker', 20, check, 5)).rejects.toThrow(
      'Waited 20 ms in vain for a broker (last: connection refused).',
    );
  });

  it('ends at once on an error that waiting cannot mend', async () => {
    const fatal = new KafkaError('broker 1 ended');
    const check = (): Promise<boolean> => Promise.reject(fatal);
    await expect(waitUntil('a broker', 60_000, check)).rejects.toBe(fatal);
  });
});
