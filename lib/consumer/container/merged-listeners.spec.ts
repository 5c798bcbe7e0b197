import { describe, expect, it } from '@jest/globals';
import type { CommitStrategy } from '../commit/commit-strategy.js';
import { ManualCommitStrategy } from '../commit/manual-commit.strategy.js';
import { SyncCommitStrategy } from '../commit/sync-commit.strategy.js';
import { ContainerBench, FakeRecovery, listener, until } from './spec-support/container-bench.js';
import { record } from './spec-support/fake-consumer-engine.js';

const T0 = { topic: 't', partition: 0 };

describe('a listener that asks for its record again', () => {
  const strategies: readonly [string, CommitStrategy][] = [
    ['sync', new SyncCommitStrategy({ per: 'record' })],
    ['manual', new ManualCommitStrategy()],
  ];

  it.each(strategies)(
    'gets it again alone when others of the group share the topic (%s commit)',
    async (_, commitStrategy) => {
      const calls: string[] = [];
      const shared = { commitStrategy, recovery: new FakeRecovery() };
      const first = listener(
        (call) => {
          calls.push('first');
          call.ack();
        },
        { ...shared, id: 'first' },
      );
      const second = listener(
        (call) => {
          calls.push(`second ${call.attempt}`);
          if (call.attempt === 1) call.nack(1);
          else call.ack();
        },
        { ...shared, id: 'second' },
      );
      await using bench = await ContainerBench.start([first, second]);
      bench.engine.deliver(bench.engine.assignOne(T0), [record('t', 0, 0)]);
      await until(() => calls.length === 3);
      expect(calls).toEqual(['first', 'second 1', 'second 2']);
      await bench.engine.revoke();
      expect(bench.engine.commits.at(-1)).toBe('t-0=1');
    },
  );
});
