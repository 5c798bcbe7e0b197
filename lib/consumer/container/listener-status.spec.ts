import { describe, expect, it } from '@jest/globals';
import { ManualCommitStrategy } from '../commit/manual-commit.strategy.js';
import type { ListenerPartitionStatus } from '../listener-events.js';
import { ContainerBench, FakeRecovery, gate, listener, until } from './spec-support/container-bench.js';
import { record } from './spec-support/fake-consumer-engine.js';

const T0 = { topic: 't', partition: 0 };

function partitionOf(bench: ContainerBench): ListenerPartitionStatus {
  const [partition] = bench.container.listeners[0]?.status().partitions ?? [];
  if (partition === undefined) throw new Error('no partition is assigned');
  return partition;
}

describe('the status of a listener', () => {
  it('tells for how long a call has been going on, not for how long records have waited for theirs', async () => {
    const gates = [gate(), gate()];
    let calls = 0;
    await using bench = await ContainerBench.start(listener(() => gates[calls++]?.opened));
    const partition = bench.engine.assignOne(T0);
    bench.engine.deliver(partition, [record('t', 0, 0), record('t', 0, 1)]);
    await until(() => partitionOf(bench).oldestCallMs >= 50);
    gates[0]?.open();
    await until(() => calls === 2);
    const { inFlight, oldestCallMs, oldestInFlightMs } = partitionOf(bench);
    expect(inFlight).toBe(1);
    expect(oldestInFlightMs).toBeGreaterThanOrEqual(50);
    expect(oldestCallMs).toBeLessThan(oldestInFlightMs);
    gates[1]?.open();
    await until(() => partitionOf(bench).inFlight === 0);
    expect(partitionOf(bench).oldestCallMs).toBe(0);
  });

  it('goes on counting a call that does not come back when its partition was given away, until it does', async () => {
    const { open, opened } = gate();
    await using bench = await ContainerBench.start(
      listener(() => opened),
      10,
    );
    const oldestCallMs = (): number => bench.container.listeners[0]?.status().oldestCallMs ?? -1;
    bench.engine.deliver(bench.engine.assignOne(T0), [record('t', 0, 0)]);
    await until(() => oldestCallMs() > 0);
    await bench.engine.revoke(20);
    bench.engine.assignOne({ topic: 't', partition: 1 });
    await until(() => oldestCallMs() >= 50);
    expect(partitionOf(bench)).toMatchObject({ partition: 1, oldestCallMs: 0 });
    open();
    await until(() => oldestCallMs() === 0);
  });

  it('counts no call between two attempts', async () => {
    let attempts = 0;
    const recovery = new FakeRecovery(2, 'dead-letter', 60_000);
    await using bench = await ContainerBench.start(
      listener(
        () => {
          attempts++;
          throw new Error('not now');
        },
        { recovery },
      ),
    );
    const partition = bench.engine.assignOne(T0);
    bench.engine.deliver(partition, [record('t', 0, 0)]);
    await until(() => attempts === 1 && bench.eventTypes().includes('record-failed'));
    await until(() => partitionOf(bench).oldestInFlightMs >= 20);
    expect(partitionOf(bench)).toMatchObject({ inFlight: 1, oldestCallMs: 0 });
  });

  it('counts with manual acknowledgement until the record is acknowledged', async () => {
    const acks: (() => void)[] = [];
    await using bench = await ContainerBench.start(
      listener((call) => void acks.push(() => call.ack()), { commitStrategy: new ManualCommitStrategy() }),
    );
    const partition = bench.engine.assignOne(T0);
    bench.engine.deliver(partition, [record('t', 0, 0), record('t', 0, 1)]);
    await until(() => acks.length === 2 && partitionOf(bench).oldestCallMs >= 20);
    acks[0]?.();
    expect(partitionOf(bench).inFlight).toBe(1);
    await until(() => partitionOf(bench).oldestCallMs >= 20);
    acks[1]?.();
    expect(partitionOf(bench)).toMatchObject({ inFlight: 0, oldestCallMs: 0 });
  });

  it('says once that it has joined, if only to stand by, and goes on saying so', async () => {
    await using bench = await ContainerBench.start(listener(() => undefined));
    const hasJoined = (): boolean | undefined => bench.container.listeners[0]?.status().hasJoined;
    expect(hasJoined()).toBe(false);
    bench.engine.assign();
    expect(hasJoined()).toBe(true);
    await bench.container.listeners[0]?.stop();
    expect(hasJoined()).toBe(true);
  });
});
