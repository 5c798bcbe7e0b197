import type { RecoveryDecision, RecoveryPolicy } from '../recovery/recovery-policy.js';
import { ContainerBench, listener, until } from './spec-support/container-bench.js';
import { record } from './spec-support/fake-consumer-engine.js';

const T0 = { topic: 't', partition: 0 };

class BrokenPolicy implements RecoveryPolicy {
  public constructor(private readonly answer: () => RecoveryDecision) {}

  public decide(): RecoveryDecision {
    return this.answer();
  }

  public deadLetter(): Promise<void> {
    return Promise.resolve();
  }
}

describe('a recovery policy of the user that is broken', () => {
  const throws = new BrokenPolicy(() => {
    throw new Error('the policy is broken');
  });

  it.each([
    ['record by record', { isBatch: false }],
    ['with batches', { isBatch: true }],
    ['with concurrency by key', { isBatch: false, concurrency: { unit: 'key', limit: 1 } as const }],
  ])('stops the listener before the record, %s', async (_, options) => {
    const handled: bigint[] = [];
    await using bench = await ContainerBench.start(
      listener(
        ({ records }) => {
          handled.push(...records.map(({ offset }) => offset));
          if (records.some(({ offset }) => offset > 0n)) throw new Error('oops');
        },
        { ...options, recovery: throws },
      ),
    );
    const [handle] = bench.container.listeners;
    const partition = bench.engine.assignOne(T0);
    bench.engine.deliver(partition, [record('t', 0, 0)]);
    await until(() => bench.engine.commits.length === 1);
    bench.engine.deliver(partition, [record('t', 0, 1), record('t', 0, 2)]);
    await until(() => handle?.status().state === 'failed');
    expect(handle?.status().error?.message).toBe('the policy is broken');
    expect(bench.events).toContainEqual(
      expect.objectContaining({ type: 'record-failed', offset: '1', retryInMs: null, error: new Error('oops') }),
    );
    expect(handled).toEqual(options.isBatch ? [0n, 1n, 2n] : [0n, 1n]);
    expect(bench.engine.commits).toEqual(['t-0=1']);
  });

  it('stops the listener as well when it decides nothing', async () => {
    const nothing = new BrokenPolicy(() => undefined as unknown as RecoveryDecision);
    await using bench = await ContainerBench.start(
      listener(() => Promise.reject(new Error('oops')), { recovery: nothing }),
    );
    bench.engine.deliver(bench.engine.assignOne(T0), [record('t', 0, 0)]);
    await until(() => bench.container.listeners[0]?.status().state === 'failed');
    expect(bench.engine.commits).toEqual(['t-0=0']);
  });
});
