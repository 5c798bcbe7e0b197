import { setTimeout as sleep } from 'node:timers/promises';
import { BatchRecordError } from '../batch-record-error.js';
import { KafkaTimeoutError } from '../../wire/kafka-timeout-error.js';
import { ManualCommitStrategy } from '../commit/manual-commit.strategy.js';
import { SyncCommitStrategy } from '../commit/sync-commit.strategy.js';
import type { ConsumedRecord } from '../consumed-record.js';
import type { HandlerCall } from '../listener-definition.js';
import { ContainerBench, FakeRecovery, gate, listener, until } from './spec-support/container-bench.js';
import { type FakePartition, record } from './spec-support/fake-consumer-engine.js';

const T0 = { topic: 't', partition: 0 };
const T1 = { topic: 't', partition: 1 };

function offsets({ records }: HandlerCall): string {
  return records.map(({ offset }) => offset).join(',');
}

describe('records of a partition', () => {
  it('are handled in order, one after the other, and committed behind each with a sync strategy per record', async () => {
    const calls: string[] = [];
    await using bench = await ContainerBench.start(
      listener(async (call) => {
        calls.push(`begin ${offsets(call)}`);
        await Promise.resolve();
        calls.push(`end ${offsets(call)}`);
      }),
    );
    const partition = bench.engine.assignOne(T0);
    bench.engine.deliver(partition, [record('t', 0, 0), record('t', 0, 1), record('t', 0, 5)], 8);
    await until(() => bench.engine.commits.length === 3);

    expect(calls).toEqual(['begin 0', 'end 0', 'begin 1', 'end 1', 'begin 5', 'end 5']);
    expect(bench.engine.commits).toEqual(['t-0=1', 't-0=5', 't-0=8']);
  });

  it('do not wait for those of another partition', async () => {
    const { open, opened } = gate();
    const handled: string[] = [];
    await using bench = await ContainerBench.start(
      listener(async (call) => {
        if (call.partition.partition === 0) await opened;
        handled.push(`${call.partition.partition}:${offsets(call)}`);
      }),
    );
    const slow = bench.engine.assignOne(T0);
    const fast = bench.engine.assignOne(T1);
    bench.engine.deliver(slow, [record('t', 0, 0)]);
    bench.engine.deliver(fast, [record('t', 1, 0), record('t', 1, 1)]);
    await until(() => handled.length === 2);
    expect(handled).toEqual(['1:0', '1:1']);
    open();
    await until(() => handled.length === 3);
  });

  it('wait for a turn when the limit of concurrency is reached, which a retry does not use up', async () => {
    const gates = [gate(), gate()];
    const running: string[] = [];
    const recovery = new FakeRecovery(3, 'dead-letter', 20);
    await using bench = await ContainerBench.start(
      listener(
        async (call) => {
          running.push(`${call.partition.partition}#${call.attempt}`);
          if (call.partition.partition === 0 && call.attempt === 1) throw new Error('oops');
          await gates[call.partition.partition]?.opened;
        },
        { concurrency: { unit: 'partition', limit: 1 }, recovery },
      ),
    );
    const first = bench.engine.assignOne(T0);
    const second = bench.engine.assignOne(T1);
    bench.engine.deliver(first, [record('t', 0, 0)]);
    bench.engine.deliver(second, [record('t', 1, 0)]);
    await until(() => running.length === 2);
    expect(running).toEqual(['0#1', '1#1']);
    gates[1]?.open();
    await until(() => running.length === 3);
    expect(running[2]).toBe('0#2');
    gates[0]?.open();
    await until(() => bench.engine.commits.length === 2);
  });

  it('are not fetched while too many wait, and again when half of them are done', async () => {
    const { open, opened } = gate();
    await using bench = await ContainerBench.start(
      listener(() => opened, { commitStrategy: new SyncCommitStrategy({ per: 'batch' }) }),
    );
    const partition = bench.engine.assignOne(T0);
    const many = Array.from({ length: 5_000 }, (_, offset) => record('t', 0, offset));
    bench.engine.deliver(partition, many);
    expect([...partition.pauses]).toEqual(['window']);
    open();
    await until(() => partition.pauses.size === 0);
    await until(() => bench.engine.commits.length === 1);
    expect(bench.engine.commits).toEqual(['t-0=5000']);
  });

  it('are not fetched while they take more than 4 MiB, or less of each the more partitions the group has here', async () => {
    const { open, opened } = gate();
    await using bench = await ContainerBench.start(listener(() => opened));
    const ofMebibyte = (partition: FakePartition, count: number): ConsumedRecord[] =>
      Array.from({ length: count }, (_, offset) => ({
        ...record('t', partition.partition, offset),
        sizeInBytes: 1_048_576,
      }));
    const [few = bench.engine.assignOne(T0)] = bench.engine.assign(T0, T1);
    bench.engine.deliver(few, ofMebibyte(few, 3));
    expect([...few.pauses]).toEqual([]);
    bench.engine.lose();

    const partitions = bench.engine.assign(
      ...Array.from({ length: 64 }, (_, partition) => ({ topic: 't', partition })),
    );
    const [one, other] = partitions;
    if (one === undefined || other === undefined) throw new Error('nothing was assigned');
    bench.engine.deliver(one, ofMebibyte(one, 1));
    expect([...one.pauses]).toEqual(['window']);
    expect([...other.pauses]).toEqual([]);
    open();
    await until(() => one.pauses.size === 0);
  });

  it('that are not there leave no lag behind', async () => {
    await using bench = await ContainerBench.start(listener(() => undefined));
    const partition = bench.engine.assignOne(T0);
    bench.engine.deliver(partition, [record('t', 0, 0)]);
    await until(() => bench.engine.commits.length === 1);
    bench.engine.deliver(partition, [], 9);
    await until(() => bench.engine.commits.length === 2);
    expect(bench.engine.commits).toEqual(['t-0=1', 't-0=9']);
  });
});

describe('a handler that fails', () => {
  it('is called again as the policy says, and the partition goes on when it succeeds', async () => {
    const attempts: string[] = [];
    await using bench = await ContainerBench.start(
      listener((call) => {
        attempts.push(`${offsets(call)}#${call.attempt}`);
        if (call.attempt < 3) throw new Error('oops');
      }),
    );
    const partition = bench.engine.assignOne(T0);
    bench.engine.deliver(partition, [record('t', 0, 0), record('t', 0, 1)]);
    await until(() => bench.engine.commits.length === 2);
    expect(attempts).toEqual(['0#1', '0#2', '0#3', '1#1', '1#2', '1#3']);
    expect(bench.eventTypes().filter((type) => type === 'record-failed')).toHaveLength(4);
  });

  it('loses its record to the dead-letter topic after the attempts, and the partition goes on', async () => {
    const recovery = new FakeRecovery(3);
    recovery.deadLetterFailures = [new Error('not stored')];
    await using bench = await ContainerBench.start(
      listener(
        (call) => {
          if (offsets(call) === '0') throw new Error('poison');
        },
        { recovery },
      ),
    );
    const partition = bench.engine.assignOne(T0);
    bench.engine.deliver(partition, [record('t', 0, 0), record('t', 0, 1)]);
    await until(() => bench.engine.commits.length === 2);
    expect(recovery.deadLetters).toMatchObject([{ attempts: 3, record: { offset: 0n }, groupId: 'group' }]);
    expect(bench.eventTypes()).toEqual([
      'started',
      'partitions-assigned',
      'record-failed',
      'record-failed',
      'record-failed',
      'dead-letter-failed',
      'dead-lettered',
    ]);
  });

  it('stops the listener before its record when the policy says so, commits what was done, and leaves the group', async () => {
    await using bench = await ContainerBench.start(
      listener(
        (call) => {
          if (offsets(call) === '1') throw new Error('poison');
        },
        { recovery: new FakeRecovery(1, 'stop'), commitStrategy: new SyncCommitStrategy({ per: 'batch' }) },
      ),
    );
    const { engine } = bench;
    const partition = engine.assignOne(T0);
    engine.deliver(partition, [record('t', 0, 0), record('t', 0, 1), record('t', 0, 2)]);
    await until(() => engine.isClosed && bench.eventTypes().includes('stopped'));
    expect(engine.commits).toEqual(['t-0=1']);
    const [status] = bench.container.listeners.map((handle) => handle.status());
    expect(status).toMatchObject({ state: 'failed', error: { message: 'poison' } });
  });

  it('does not use up its attempts while the cluster is in trouble', async () => {
    const recovery = new FakeRecovery(2);
    await using bench = await ContainerBench.start(
      listener(
        ({ attempt }) => {
          if (attempt <= 3) throw new KafkaTimeoutError('no broker');
        },
        { recovery },
      ),
    );
    const partition = bench.engine.assignOne(T0);
    bench.engine.deliver(partition, [record('t', 0, 0)]);
    await until(() => bench.engine.commits.length === 1);
    expect(recovery.seen).toEqual([]);
    expect(recovery.deadLetters).toEqual([]);
  });

  it('may ask for its record again, which counts as no failure', async () => {
    const recovery = new FakeRecovery(1);
    const attempts: number[] = [];
    await using bench = await ContainerBench.start(
      listener(
        (call) => {
          attempts.push(call.attempt);
          if (call.attempt < 3) call.nack(1);
        },
        { recovery },
      ),
    );
    const partition = bench.engine.assignOne(T0);
    bench.engine.deliver(partition, [record('t', 0, 0)]);
    await until(() => bench.engine.commits.length === 1);
    expect(attempts).toEqual([1, 2, 3]);
    expect(recovery.seen).toEqual([]);
  });
});

describe('a batch listener', () => {
  const batch = { isBatch: true, maxBatchRecords: 3 };

  it('gets up to so many records of one partition', async () => {
    const calls: string[] = [];
    await using bench = await ContainerBench.start(
      listener((call) => {
        calls.push(offsets(call));
      }, batch),
    );
    const partition = bench.engine.assignOne(T0);
    bench.engine.deliver(
      partition,
      [0, 1, 2, 3].map((offset) => record('t', 0, offset)),
      6,
    );
    await until(() => bench.engine.commits.length === 2);
    expect(calls).toEqual(['0,1,2', '3']);
    expect(bench.engine.commits).toEqual(['t-0=3', 't-0=6']);
  });

  it('that names the failed record is called again from there, and only that record is given up', async () => {
    const calls: string[] = [];
    const recovery = new FakeRecovery(2);
    await using bench = await ContainerBench.start(
      listener(
        (call) => {
          calls.push(offsets(call));
          const index = call.records.findIndex(({ offset }) => offset === 1n);
          if (index >= 0) throw new BatchRecordError(index, new Error('poison'));
        },
        { ...batch, recovery },
      ),
    );
    const partition = bench.engine.assignOne(T0);
    bench.engine.deliver(
      partition,
      [0, 1, 2].map((offset) => record('t', 0, offset)),
    );
    await until(() => bench.engine.commits.includes('t-0=3'));
    expect(calls).toEqual(['0,1,2', '1,2', '1', '2']);
    expect(recovery.deadLetters.map((failed) => failed.record.offset)).toEqual([1n]);
    expect(recovery.deadLetters[0]?.error).toMatchObject({ message: 'poison' });
  });

  it('that fails as a whole is called with each record alone in the end, so that only the poison is given up', async () => {
    const calls: string[] = [];
    const recovery = new FakeRecovery(2);
    await using bench = await ContainerBench.start(
      listener(
        (call) => {
          calls.push(offsets(call));
          if (call.records.some(({ offset }) => offset === 1n)) throw new Error('poison');
        },
        { ...batch, recovery },
      ),
    );
    const partition = bench.engine.assignOne(T0);
    bench.engine.deliver(
      partition,
      [0, 1, 2].map((offset) => record('t', 0, offset)),
    );
    await until(() => bench.engine.commits.includes('t-0=3'));
    expect(calls).toEqual(['0,1,2', '0,1,2', '0', '1', '2']);
    expect(recovery.deadLetters.map((failed) => failed.record.offset)).toEqual([1n]);
  });
});

describe('with manual acknowledgement', () => {
  it('the next record does not wait, and nothing above the first unacknowledged one is committed', async () => {
    const acks: (() => void)[] = [];
    await using bench = await ContainerBench.start(
      listener((call) => void acks.push(() => call.ack()), { commitStrategy: new ManualCommitStrategy() }),
    );
    const partition = bench.engine.assignOne(T0);
    bench.engine.deliver(
      partition,
      [0, 1, 2].map((offset) => record('t', 0, offset)),
    );
    await until(() => acks.length === 3);
    acks[1]?.();
    acks[2]?.();
    acks[0]?.();
    await until(() => bench.engine.commits.at(-1) === 't-0=3');
    expect(bench.engine.commits.slice(0, -1).every((commit) => commit === 't-0=0')).toBe(true);
    acks[0]?.();
  });
});

describe('with concurrency by key', () => {
  it('a key that fails holds up its own records only, and commits stay below it', async () => {
    const { open, opened } = gate();
    const handled: string[] = [];
    const recovery = new FakeRecovery(100, 'retry', 2);
    let isMended = false;
    void opened.then(() => {
      isMended = true;
    });
    await using bench = await ContainerBench.start(
      listener(
        (call) => {
          if (call.records[0]?.key?.toString() === 'bad' && !isMended) throw new Error('oops');
          handled.push(offsets(call));
        },
        { concurrency: { unit: 'key', limit: 2 }, recovery },
      ),
    );
    const partition = bench.engine.assignOne(T0);
    bench.engine.deliver(
      partition,
      ['good', 'bad', 'good', 'bad', 'fine'].map((key, offset) => record('t', 0, offset, key)),
    );
    await until(() => handled.length === 3);
    expect([...handled].sort()).toEqual(['0', '2', '4']);
    await until(() => bench.engine.commits.length > 0);
    expect(bench.engine.commits.at(-1)).toBe('t-0=1');
    open();
    await until(() => handled.length === 5);
    expect(handled.slice(3)).toEqual(['1', '3']);
    await until(() => bench.engine.commits.at(-1) === 't-0=5');
  });
});

describe('a partition that is revoked', () => {
  it('with concurrency by key has the records handled that others have overtaken, so that nothing is repeated', async () => {
    const { open, opened } = gate();
    const handled: string[] = [];
    await using bench = await ContainerBench.start(
      listener(
        async (call) => {
          if (offsets(call) === '0') await opened;
          handled.push(offsets(call));
        },
        { concurrency: { unit: 'key', limit: 2 } },
      ),
    );
    const partition = bench.engine.assignOne(T0);
    bench.engine.deliver(
      partition,
      ['a', 'a', 'b', 'a'].map((key, offset) => record('t', 0, offset, key)),
    );
    await until(() => handled.length === 1);
    const revoking = bench.engine.revoke();
    open();
    await revoking;
    expect(handled).toEqual(['2', '0', '1']);
    expect(bench.engine.commits.at(-1)).toBe('t-0=3');
  });

  it('is given away when what runs has ended and is committed; nothing else is begun', async () => {
    const { open, opened } = gate();
    const calls: string[] = [];
    await using bench = await ContainerBench.start(
      listener(
        async (call) => {
          calls.push(offsets(call));
          await opened;
        },
        { commitStrategy: new SyncCommitStrategy({ per: 'batch' }) },
      ),
    );
    const partition = bench.engine.assignOne(T0);
    bench.engine.deliver(partition, [record('t', 0, 0), record('t', 0, 1)]);
    await until(() => calls.length === 1);
    let isRevoked = false;
    const revoking = bench.engine.revoke().then(() => {
      isRevoked = true;
    });
    await Promise.resolve();
    expect(isRevoked).toBe(false);
    open();
    await revoking;
    expect(calls).toEqual(['0']);
    expect(bench.engine.commits).toEqual(['t-0=1']);
  });

  it('is given away at the deadline although a handler runs, which is told so and counts for nothing', async () => {
    const { open, opened } = gate();
    let signal: AbortSignal | null = null;
    await using bench = await ContainerBench.start(
      listener(async (call) => {
        signal = call.signal;
        await opened;
      }),
      20,
    );
    const partition = bench.engine.assignOne(T0);
    bench.engine.deliver(partition, [record('t', 0, 0)]);
    await until(() => signal !== null);
    await bench.engine.revoke();
    expect(signal).toMatchObject({ aborted: true });
    open();
    await Promise.resolve();
    expect(bench.engine.commits).not.toContain('t-0=1');
  });

  it('does not wait for a commit that is not answered longer than for the last one', async () => {
    await using bench = await ContainerBench.start(
      listener(() => undefined),
      60_000,
    );
    const partition = bench.engine.assignOne(T0);
    bench.engine.commitAnswer = new Promise(() => undefined);
    bench.engine.deliver(partition, [record('t', 0, 0), record('t', 0, 1)]);
    await until(() => bench.engine.commits.length === 1);
    const startedAt = performance.now();
    await bench.engine.revoke(200);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it('does not wait for the pause before a retry', async () => {
    await using bench = await ContainerBench.start(
      listener(
        () => {
          throw new Error('oops');
        },
        { recovery: new FakeRecovery(100, 'retry', 60_000) },
      ),
      60_000,
    );
    const partition = bench.engine.assignOne(T0);
    bench.engine.deliver(partition, [record('t', 0, 0)]);
    await until(() => bench.eventTypes().includes('record-failed'));
    const startedAt = performance.now();
    await bench.engine.revoke(60_000);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(bench.engine.commits).not.toContain('t-0=1');
  });

  it('is taken up anew when it comes back', async () => {
    const handled: string[] = [];
    await using bench = await ContainerBench.start(listener((call) => void handled.push(offsets(call))));
    const before = bench.engine.assignOne(T0);
    bench.engine.deliver(before, [record('t', 0, 0)]);
    await until(() => handled.length === 1);
    bench.engine.lose();
    const after = bench.engine.assignOne(T0);
    bench.engine.deliver(before, [record('t', 0, 1)]);
    bench.engine.deliver(after, [record('t', 0, 1), record('t', 0, 2)]);
    await until(() => handled.length === 3);
    expect(handled).toEqual(['0', '1', '2']);
  });
});

describe('a listener by hand', () => {
  it('pauses, and goes on with what it had', async () => {
    const handled: string[] = [];
    await using bench = await ContainerBench.start(listener((call) => void handled.push(offsets(call))));
    const [handle] = bench.container.listeners;
    const partition = bench.engine.assignOne(T0);
    handle?.pause();
    bench.engine.deliver(partition, [record('t', 0, 0)]);
    expect(partition.pauses).toContain('listener');
    expect(handle?.status().state).toBe('paused');
    handle?.resume();
    await until(() => handled.length === 1);
    expect(partition.pauses.size).toBe(0);
  });

  it('pauses with concurrency by key, too, and before another attempt', async () => {
    const handled: string[] = [];
    await using bench = await ContainerBench.start(
      listener(
        (call) => {
          handled.push(offsets(call));
          if (handled.length > 1) return;
          bench.container.listeners[0]?.pause();
          throw new Error('oops');
        },
        { concurrency: { unit: 'key', limit: 2 } },
      ),
    );
    const partition = bench.engine.assignOne(T0);
    bench.engine.deliver(partition, [record('t', 0, 0, 'a'), record('t', 0, 1, 'b'), record('t', 0, 2, 'a')]);
    await until(() => bench.eventTypes().includes('record-failed'));
    await sleep(30);
    expect(handled).toEqual(['0']);
    bench.container.listeners[0]?.resume();
    await until(() => handled.length === 4);
    expect(handled.filter((offset) => offset !== '1')).toEqual(['0', '0', '2']);
  });

  it('stops with a commit, leaves the group as its last listener, and starts again as a new member', async () => {
    const handled: string[] = [];
    await using bench = await ContainerBench.start(
      listener((call) => void handled.push(offsets(call)), { commitStrategy: new SyncCommitStrategy() }),
    );
    const [handle] = bench.container.listeners;
    const partition = bench.engine.assignOne(T0);
    bench.engine.deliver(partition, [record('t', 0, 0)]);
    await until(() => handled.length === 1);
    await handle?.stop();
    expect(bench.engines.map(({ isClosed }) => isClosed)).toEqual([true]);
    expect(bench.engine.commits).toEqual(['t-0=1']);
    await handle?.start();
    expect(bench.engines.map(({ isClosed }) => isClosed)).toEqual([true, false]);
  });

  it('gives its topics back when another listener of the group goes on', async () => {
    await using bench = await ContainerBench.start([
      listener(() => undefined, { id: 'a', topics: ['t'] }),
      listener(() => undefined, { id: 'b', topics: ['u'] }),
    ]);
    expect(bench.engine.topics).toEqual([['t', 'u']]);
    await bench.container.listeners[0]?.stop();
    expect(bench.engine.topics).toEqual([['t', 'u'], ['u']]);
    expect(bench.engine.isClosed).toBe(false);
  });

  it('seeks when what runs has ended, and forgets what was fetched', async () => {
    const handled: string[] = [];
    await using bench = await ContainerBench.start(listener((call) => void handled.push(offsets(call))));
    const partition = bench.engine.assignOne(T0);
    bench.engine.deliver(partition, [record('t', 0, 10)]);
    await until(() => handled.length === 1);
    await bench.container.listeners[0]?.seek(3n);
    expect(partition.seeks).toEqual([3n]);
    expect(partition.pauses.size).toBe(0);
    bench.engine.deliver(partition, [record('t', 0, 3)]);
    await until(() => handled.length === 2);
    await until(() => bench.engine.commits.at(-1) === 't-0=4');
    await bench.container.listeners[0]?.seek({ timestamp: new Date(0) });
    await bench.container.listeners[0]?.seek('12', [T0]);
    expect(partition.seeks).toEqual([3n, 7n, 12n]);
  });

  it('refuses to seek where there is nothing to seek, and to no place', async () => {
    await using bench = await ContainerBench.start(listener(() => undefined));
    const [handle] = bench.container.listeners;
    await expect(handle?.seek(0n)).rejects.toThrow(/has no partition now/);
    bench.engine.assignOne(T0);
    await expect(handle?.seek(0n, [T1])).rejects.toThrow(/does not have t-1 now/);
    for (const target of [-1n, 'soon', { timestamp: Number.NaN }, { timestamp: new Date('never') }]) {
      await expect(handle?.seek(target)).rejects.toThrow(/seek goes to an offset/);
    }
    bench.engine.lose();
    await expect(handle?.seek(0n)).rejects.toThrow(/has no partition now/);
  });

  it('cannot be started once the application is closed', async () => {
    await using bench = await ContainerBench.start(listener(() => undefined));
    await bench.container.close(100);
    await expect(bench.container.listeners[0]?.start()).rejects.toThrow(/the application was closed/);
  });

  it('that waits for a broker does not hold up the end of the application', async () => {
    await using bench = new ContainerBench([listener(() => undefined)], 60_000);
    bench.isUnreachable = true;
    const starting = bench.container.start();
    await until(() => bench.engines.length === 1);
    const startedAt = performance.now();
    await bench.container.close(60_000);
    await starting;
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it('that cannot start says why, and can be started again', async () => {
    await using bench = new ContainerBench([listener(() => undefined)]);
    bench.startFailure = new Error('no broker');
    await expect(bench.container.start()).rejects.toThrow('no broker');
    const [handle] = bench.container.listeners;
    expect(handle?.status()).toMatchObject({ state: 'failed', error: { message: 'no broker' } });
    bench.startFailure = null;
    await handle?.start();
    expect(handle?.status().state).toBe('running');
  });
});

describe('several listeners of a group on one topic', () => {
  it('start and stop together, so that none misses what another has committed', async () => {
    const recovery = new FakeRecovery(1, 'stop');
    const commitStrategy = new SyncCommitStrategy({ per: 'record' });
    const seen: string[] = [];
    const broken = { is: true };
    await using bench = await ContainerBench.start([
      listener((call) => void seen.push(`a${offsets(call)}`), { id: 'a', recovery, commitStrategy }),
      listener(
        (call) => {
          if (broken.is) throw new Error('poison');
          seen.push(`b${offsets(call)}`);
        },
        { id: 'b', recovery, commitStrategy },
      ),
    ]);
    const [a, b] = bench.container.listeners;
    bench.engine.deliver(bench.engine.assignOne(T0), [record('t', 0, 0)]);
    await until(() => a?.status().state === 'failed' && b?.status().state === 'failed');
    expect(bench.engine.commits).not.toContain('t-0=1');
    broken.is = false;
    await a?.start();
    expect(b?.status().state).toBe('running');
    bench.engine.deliver(bench.engine.assignOne(T0), [record('t', 0, 0)]);
    await until(() => bench.engine.commits.includes('t-0=1'));
    expect(seen).toEqual(['a0', 'a0', 'b0']);
    await b?.stop();
    expect(a?.status().state).toBe('stopped');
  });

  it('all get each record, and only those that have failed get it again', async () => {
    const calls: string[] = [];
    const recovery = new FakeRecovery();
    const commitStrategy = new SyncCommitStrategy({ per: 'record' });
    await using bench = await ContainerBench.start([
      listener((call) => void calls.push(`a${offsets(call)}`), { id: 'a', recovery, commitStrategy }),
      listener(
        (call) => {
          calls.push(`b${offsets(call)}#${call.attempt}`);
          if (call.attempt === 1) throw new Error('oops');
        },
        { id: 'b', topics: [/^t$/g], recovery, commitStrategy },
      ),
    ]);
    const partition = bench.engine.assignOne(T0);
    bench.engine.deliver(partition, [record('t', 0, 0), record('t', 0, 1)]);
    await until(() => bench.engine.commits.length === 2);
    expect(calls).toEqual(['a0', 'b0#1', 'b0#2', 'a1', 'b1#1', 'b1#2']);
  });

  it('cannot be started when they do not agree, which the error explains', async () => {
    const recovery = new FakeRecovery();
    const commitStrategy = new ManualCommitStrategy();
    const first = listener(() => undefined, { id: 'a', recovery, commitStrategy });
    const other = listener(() => undefined, { id: 'b', recovery });
    expect(() => new ContainerBench([first, other])).toThrow(/a, b read 't' .* have a commitStrategy each/);
    const batch = listener(() => undefined, { id: 'b', recovery, commitStrategy, isBatch: true });
    expect(() => new ContainerBench([first, batch])).toThrow(/one of them takes batches/);
  });

  it('stop when an expression turns out to match a topic of another that does not agree', async () => {
    const recovery = new FakeRecovery();
    await using bench = await ContainerBench.start([
      listener(() => undefined, { id: 'a', topics: [/^t/], recovery, commitStrategy: new ManualCommitStrategy() }),
      listener(() => undefined, { id: 'b', topics: [/t$/], recovery }),
    ]);
    bench.engine.assign(T0);
    await until(() => bench.eventTypes().filter((type) => type === 'stopped').length === 2);
    expect(bench.container.listeners[0]?.status().error?.message).toMatch(
      /a, b read 't' .* have a commitStrategy each/,
    );
  });
});
