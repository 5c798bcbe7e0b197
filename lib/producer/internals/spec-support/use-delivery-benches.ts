import { jest } from '@jest/globals';
import { turns } from '../../../wire/spec-support/until.js';
import type { ProducerConfig } from '../../producer-config.js';
import { DeliveryBench, type DeliveryBenchOptions } from './delivery-bench.js';

const STEPS = 25;

export interface DeliveryBenches {
  readonly create: (config: Partial<ProducerConfig>, options?: DeliveryBenchOptions) => DeliveryBench;
  /** Lets fake time pass, and everything happen that follows. */
  readonly run: (ms?: number) => Promise<void>;
}

/**
 * Benches under fake timers for the tests of a file. After each test it is checked that every record has had one outcome, that all memory
 * came back, and that no timer is left.
 */
export function useDeliveryBenches(): DeliveryBenches {
  let benches: DeliveryBench[] = [];

  // What is sent or answered wakes the sender in the next turn of the event loop, which is real: time passes in steps between turns.
  const run = async (ms = 0): Promise<void> => {
    await turns(6);
    const step = Math.max(1, Math.ceil(ms / STEPS));
    for (let left = ms; left > 0; left -= step) {
      await jest.advanceTimersByTimeAsync(Math.min(step, left));
      await turns(4);
    }
  };

  beforeEach(() => {
    jest.useFakeTimers({
      doNotFake: ['nextTick', 'setImmediate', 'clearImmediate', 'queueMicrotask', 'performance', 'hrtime'],
    });
    benches = [];
  });

  afterEach(async () => {
    for (const bench of benches) {
      bench.outcomes.abortAll(new Error('The test has ended'));
      for (const request of bench.link.open) request.fail();
      await run();
      bench.sender.stop();
      const outcomes = bench.deliveries.map(({ value, outcomes: count }) => [value, count]);
      expect(outcomes).toEqual(bench.deliveries.map(({ value }) => [value, 1]));
      expect(bench.freeMemory).toBe(bench.config.bufferMemory);
    }
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  const create = (config: Partial<ProducerConfig>, options: DeliveryBenchOptions = {}): DeliveryBench => {
    const bench = new DeliveryBench({ ...options, config });
    benches.push(bench);
    return bench;
  };
  return { create, run };
}
