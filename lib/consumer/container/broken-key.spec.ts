import { describe, expect, it } from '@jest/globals';
import { ContainerBench, FakeRecovery, listener, until } from './spec-support/container-bench.js';
import { record } from './spec-support/fake-consumer-engine.js';

describe('a key whose record fails while the partition is given away', () => {
  it('has no later record handled, although records of other keys have overtaken it', async () => {
    const handled: string[] = [];
    await using bench = await ContainerBench.start(
      listener(
        ({ records: [first] }) => {
          if (first?.offset === 0n) throw new Error('not yet');
          handled.push(String(first?.offset));
        },
        { concurrency: { unit: 'key', limit: 4 }, recovery: new FakeRecovery(100, 'retry', 60_000) },
      ),
    );
    const keys = ['bad', 'bad', 'good', null, null];
    bench.engine.deliver(
      bench.engine.assignOne({ topic: 't', partition: 0 }),
      keys.map((key, offset) => record('t', 0, offset, key ?? undefined)),
    );
    await until(() => handled.length === 3 && bench.eventTypes().includes('record-failed'));
    await bench.engine.revoke();
    expect(handled).toEqual(['2', '3', '4']);
    expect(bench.engine.commits).not.toContain('t-0=1');
  });
});
