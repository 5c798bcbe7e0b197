import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer } from 'kafkajs';
import { ContainerBench, FakeRecovery, gate, listener, until } from '../container/spec-support/container-bench.js';
import { type FakePartition, record } from '../container/spec-support/fake-consumer-engine.js';
import { SyncCommitStrategy } from '../commit/sync-commit.strategy.js';
import type { HandlerCall, ListenerDefinition } from '../listener-definition.js';
import { createConsumerFacade } from './consumer-facade.js';

const T0 = { topic: 't', partition: 0 };
const T1 = { topic: 't', partition: 1 };
const LOG = { debug: quiet, info: quiet, warn: quiet, error: quiet };

function quiet(): void {
  return undefined;
}

type Handle = (call: HandlerCall, consumer: Consumer) => void | Promise<void>;

interface FacadeBench extends AsyncDisposable {
  readonly bench: ContainerBench;
  /** As `partition:offset` of the first record of each call. */
  readonly handled: string[];
  readonly consumer: Consumer;
}

/** Listeners whose handlers get kafkajs's consumer. */
async function start(handle: Handle, ...options: readonly Partial<ListenerDefinition>[]): Promise<FacadeBench> {
  const handled: string[] = [];
  const shared = { commitStrategy: new SyncCommitStrategy({ per: 'record' }), recovery: new FakeRecovery() };
  const facade = (call: HandlerCall): Consumer =>
    createConsumerFacade(
      call,
      () => {
        const { container } = bench;
        const [handle] = container.listeners;
        if (handle === undefined) throw new Error('no listener');
        return { container, handle };
      },
      LOG,
    );
  const handler = (call: HandlerCall): void | Promise<void> => {
    handled.push(`${call.partition.partition}:${call.records[0]?.offset}`);
    return handle(call, facade(call));
  };
  const bench: ContainerBench = await ContainerBench.start(
    (options.length === 0 ? [{}] : options).map((own) => listener(handler, { ...shared, ...own })),
  );
  return {
    bench,
    handled,
    consumer: facade({} as HandlerCall),
    [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose](),
  };
}

const pauseOwn: Handle = ({ partition: { partition, topic } }, consumer) =>
  consumer.pause([{ topic, partitions: [partition] }]);

const from = (partition: FakePartition, ...offsets: readonly number[]): ReturnType<typeof record>[] =>
  offsets.map((offset) => record(partition.topic, partition.partition, offset));

/** Long enough for what should not begin. */
const aWhile = (): Promise<void> => sleep(30);

describe('pause of the consumer of a context', () => {
  it('lets the record end, and holds what was fetched until resume, in order', async () => {
    await using facade = await start(pauseOwn);
    const { bench, consumer, handled } = facade;
    const [one, other] = bench.engine.assign(T0, T1) as [FakePartition, FakePartition];
    bench.engine.deliver(one, from(one, 0, 1, 2));
    await aWhile();
    expect(handled).toEqual(['0:0']);
    expect(bench.engine.commits).toEqual(['t-0=1']);
    expect(one.pauses.size).toBe(1);
    expect(consumer.paused()).toEqual([{ topic: 't', partitions: [0] }]);
    expect(bench.container.listeners[0]?.status().partitions.map(({ isPaused }) => isPaused)).toEqual([true, false]);
    bench.engine.deliver(other, from(other, 0));
    await until(() => handled.includes('1:0'));
    consumer.resume([{ topic: 't', partitions: [0] }]);
    await until(() => handled.includes('0:1'));
    consumer.resume([{ topic: 't' }]);
    await until(() => handled.includes('0:2'));
    expect(handled).toEqual(['0:0', '1:0', '0:1', '0:2']);
    consumer.resume([{ topic: 't' }]);
    expect(consumer.paused()).toEqual([]);
    expect(one.pauses.size).toBe(0);
  });

  it('holds the whole topic, with partitions that come later, when it names none', async () => {
    await using facade = await start((_, consumer) => consumer.pause([{ topic: 't' }]));
    const { bench, consumer, handled } = facade;
    const [one] = bench.engine.assign(T0) as [FakePartition];
    bench.engine.deliver(one, from(one, 0, 1));
    await aWhile();
    const [, other] = (await bench.engine.revoke(), bench.engine.assign(T0, T1)) as [FakePartition, FakePartition];
    bench.engine.deliver(other, from(other, 0));
    await aWhile();
    expect(handled).toEqual(['0:0']);
    expect(consumer.paused()).toEqual([{ topic: 't', partitions: [0, 1] }]);
    consumer.resume([{ topic: 't', partitions: [1] }]);
    await until(() => handled.includes('1:0'));
  });

  it('holds records of all keys, and goes on in the order of each', async () => {
    await using facade = await start(pauseOwn, { concurrency: { unit: 'key', limit: 2 } });
    const { bench, consumer, handled } = facade;
    const partition = bench.engine.assignOne(T0);
    bench.engine.deliver(
      partition,
      ['a', 'b', 'a', 'c', 'b', 'a'].map((key, offset) => record('t', 0, offset, key)),
    );
    await aWhile();
    // With the first one that pauses no further one begins.
    expect(handled).toEqual(['0:0']);
    for (let count = 2; count <= 6; count++) {
      consumer.resume([{ topic: 't' }]);
      await until(() => handled.length >= count);
    }
    const offsetsOf = (...own: readonly number[]): string[] =>
      handled.filter((name) => own.some((offset) => name === `0:${offset}`));
    expect(handled.toSorted()).toEqual(['0:0', '0:1', '0:2', '0:3', '0:4', '0:5']);
    expect(offsetsOf(0, 2, 5)).toEqual(['0:0', '0:2', '0:5']);
    expect(offsetsOf(1, 4)).toEqual(['0:1', '0:4']);
  });

  it.each([
    ['record by record', {}, 3],
    ['with concurrency by key', { concurrency: { unit: 'key', limit: 2 } }, 3],
    ['with batches', { isBatch: true }, 3],
    ['with batches, one by one', { isBatch: true }, 1],
  ] as const)('a record that fails is tried again only after resume, %s', async (_, options, attempts) => {
    let isDown = true;
    const recovery = new FakeRecovery(attempts);
    await using facade = await start(
      (_call, consumer) => {
        if (!isDown) return;
        consumer.pause([{ topic: 't' }]);
        throw new Error('the downstream is gone');
      },
      { ...options, recovery },
    );
    const { bench, consumer, handled } = facade;
    const partition = bench.engine.assignOne(T0);
    bench.engine.deliver(partition, from(partition, 0, 1));
    await aWhile();
    expect(handled).toEqual(['0:0']);
    isDown = false;
    consumer.resume([{ topic: 't' }]);
    await until(() => bench.engine.commits.includes('t-0=2'));
    expect(handled.slice(0, 2)).toEqual(['0:0', '0:0']);
    expect(recovery.deadLetters).toEqual([]);
  });

  it('is another one than that of the listener', async () => {
    await using facade = await start(() => undefined);
    const { bench, consumer, handled } = facade;
    const [handle] = bench.container.listeners;
    const partition = bench.engine.assignOne(T0);
    consumer.pause([{ topic: 't', partitions: [0] }]);
    handle?.pause();
    bench.engine.deliver(partition, from(partition, 0, 1));
    handle?.resume();
    await aWhile();
    expect(handled).toEqual([]);
    expect(handle?.status().state).toBe('running');
    handle?.pause();
    consumer.resume([{ topic: 't' }]);
    await aWhile();
    expect(handled).toEqual([]);
    expect(consumer.paused()).toEqual([{ topic: 't', partitions: [0] }]);
    handle?.resume();
    await until(() => handled.length === 2);
  });

  it('holds topics of other listeners of the group, and those that listeners share', async () => {
    await using facade = await start(
      () => undefined,
      { id: 'a', topics: ['t'] },
      { id: 'b', topics: ['t'] },
      { id: 'c', topics: ['u'] },
    );
    const { bench, consumer, handled } = facade;
    const [one, other] = bench.engine.assign(T0, { topic: 'u', partition: 0 }) as [FakePartition, FakePartition];
    consumer.pause([{ topic: 't' }, { topic: 'u' }]);
    bench.engine.deliver(one, from(one, 0));
    bench.engine.deliver(other, from(other, 0));
    await aWhile();
    expect(handled).toEqual([]);
    expect(consumer.paused()).toEqual([
      { topic: 't', partitions: [0] },
      { topic: 'u', partitions: [0] },
    ]);
    consumer.resume([{ topic: 't' }, { topic: 'u' }]);
    await until(() => handled.length === 3);
  });

  it('stays through a rebalance with a partition that stays, and is forgotten with one that was taken away', async () => {
    await using facade = await start(() => undefined);
    const { bench, consumer, handled } = facade;
    bench.engine.assign(T0, T1);
    consumer.pause([{ topic: 't', partitions: [0, 1] }]);
    await bench.engine.revoke();
    bench.engine.assign(T0);
    expect(consumer.paused()).toEqual([{ topic: 't', partitions: [0] }]);
    bench.engine.lose();
    const [one, other] = bench.engine.assign(T0, T1) as [FakePartition, FakePartition];
    expect(consumer.paused()).toEqual([{ topic: 't', partitions: [0] }]);
    bench.engine.deliver(one, from(one, 0));
    bench.engine.deliver(other, from(other, 0));
    await until(() => handled.includes('1:0'));
    await aWhile();
    expect(handled).toEqual(['1:0']);
  });

  it('stays when its partition is sought', async () => {
    await using facade = await start(() => undefined);
    const { bench, consumer, handled } = facade;
    const partition = bench.engine.assignOne(T0);
    consumer.pause([{ topic: 't', partitions: [0] }]);
    bench.engine.deliver(partition, from(partition, 0, 1));
    consumer.seek({ ...T0, offset: '7' });
    await until(() => partition.seeks.length === 1);
    bench.engine.deliver(partition, from(partition, 7));
    await aWhile();
    expect(handled).toEqual([]);
    consumer.resume([{ topic: 't', partitions: [0] }]);
    await until(() => handled.length === 1);
    expect(handled).toEqual(['0:7']);
    expect(partition.pauses.size).toBe(0);
  });

  it('gives its partition away without handling what it holds', async () => {
    await using facade = await start(pauseOwn);
    const { bench, handled } = facade;
    const partition = bench.engine.assignOne(T0);
    bench.engine.deliver(partition, from(partition, 0, 1));
    await until(() => handled.length === 1);
    await bench.engine.revoke();
    expect(handled).toEqual(['0:0']);
    expect(bench.engine.commits.at(-1)).toBe('t-0=1');
  });

  it('gives its partition away without handling what records of other keys have overtaken', async () => {
    const { open, opened } = gate();
    await using facade = await start(
      async ({ records: [first] }, consumer) => {
        if (first?.offset === 0n) await opened;
        if (first?.offset === 3n) consumer.pause([{ topic: 't' }]);
      },
      { concurrency: { unit: 'key', limit: 2 } },
    );
    const { bench, handled } = facade;
    const partition = bench.engine.assignOne(T0);
    bench.engine.deliver(
      partition,
      ['a', 'b', 'a', 'b', 'b'].map((key, offset) => record('t', 0, offset, key)),
    );
    await until(() => handled.includes('0:3'));
    const revoked = bench.engine.revoke();
    open();
    await revoked;
    expect(handled).toEqual(['0:0', '0:1', '0:3']);
    expect(bench.engine.commits.at(-1)).toBe('t-0=2');
  });

  it('is forgotten when its listener stops', async () => {
    await using facade = await start(() => undefined, { id: 'a' }, { id: 'b', topics: ['u'] });
    const { bench, consumer, handled } = facade;
    const [handle] = bench.container.listeners;
    bench.engine.assign(T0);
    consumer.pause([{ topic: 't' }]);
    await handle?.stop();
    await bench.engine.revoke();
    await handle?.start();
    const partition = bench.engine.assignOne(T0);
    bench.engine.deliver(partition, from(partition, 0));
    await until(() => handled.length === 1);
    expect(consumer.paused()).toEqual([]);
  });
});
