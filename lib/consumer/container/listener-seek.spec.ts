import { setImmediate as nextTurn } from 'node:timers/promises';
import { SyncCommitStrategy } from '../commit/sync-commit.strategy.js';
import type { HandlerCall } from '../listener-definition.js';
import { ContainerBench, gate, listener, until } from './spec-support/container-bench.js';
import { record } from './spec-support/fake-consumer-engine.js';

const T0 = { topic: 't', partition: 0 };

function offsets({ records }: HandlerCall): string {
  return records.map(({ offset }) => offset).join(',');
}

type GiveAway = (bench: ContainerBench) => Promise<void>;

const revoke: GiveAway = (bench) => bench.engine.revoke();
const stop: GiveAway = async (bench) => bench.container.listeners[0]?.stop();

describe('a seek of a partition that is being given away', () => {
  it.each<[string, GiveAway, string[]]>([
    ['in a rebalance', revoke, ['t']],
    ['as its listener stops', stop, ['t', 'u']],
    ['as all listeners of the group stop', stop, ['t']],
  ])('%s is refused, whichever has begun first, and the last commit is made', async (_, giveAway, topics) => {
    for (const isSeekFirst of [true, false]) {
      const { open, opened } = gate();
      const calls: string[] = [];
      const handler = (call: HandlerCall): Promise<void> => {
        calls.push(offsets(call));
        return opened;
      };
      const commitStrategy = new SyncCommitStrategy({ per: 'batch' });
      await using bench = await ContainerBench.start(
        topics.map((topic) => listener(handler, { id: topic, topics: [topic], commitStrategy })),
      );
      const { engine } = bench;
      const [handle] = bench.container.listeners;
      const partition = engine.assignOne(T0);
      engine.deliver(partition, [record('t', 0, 0), record('t', 0, 1)]);
      await until(() => calls.length === 1);

      const seek = async (): Promise<string> =>
        (await handle?.seek('earliest').catch((error: Error) => error.message)) ?? 'done';
      const early = isSeekFirst ? seek() : null;
      const givingAway = giveAway(bench);
      await nextTurn();
      const late = isSeekFirst ? null : seek();
      await nextTurn();
      open();
      await givingAway;

      expect(await (early ?? late)).toMatch(/^t cannot seek: this process does not have t-0 now\./);
      expect(calls).toEqual(['0']);
      expect(engine.commits).toEqual(['t-0=1']);
      expect(partition.seeks).toEqual([]);
      expect(handle?.status().partitions).toEqual([]);
    }
  });

  it('takes no time from what runs, and can be repeated when the partition has come back', async () => {
    const { open, opened } = gate();
    const calls: HandlerCall[] = [];
    await using bench = await ContainerBench.start(
      listener((call) => {
        calls.push(call);
        return opened;
      }),
    );
    const [handle] = bench.container.listeners;
    bench.engine.deliver(bench.engine.assignOne(T0), [record('t', 0, 0)]);
    await until(() => calls.length === 1);
    const revoking = bench.engine.revoke();
    await expect(handle?.seek(3n)).rejects.toMatchObject({ retriable: true });
    expect(calls[0]?.signal.aborted).toBe(false);
    open();
    await revoking;
    expect(bench.engine.commits).toEqual(['t-0=1']);

    const partition = bench.engine.assignOne(T0);
    await handle?.seek(3n);
    expect(partition.seeks).toEqual([3n]);
  });

  it('has all records handled that others have overtaken, also those behind one that is handled already', async () => {
    const gates = [gate(), gate()];
    const handled: string[] = [];
    const begun: string[] = [];
    await using bench = await ContainerBench.start(
      listener(
        async (call) => {
          begun.push(offsets(call));
          await gates[Number(offsets(call))]?.opened;
          handled.push(offsets(call));
        },
        { concurrency: { unit: 'key', limit: 2 } },
      ),
    );
    const partition = bench.engine.assignOne(T0);
    bench.engine.deliver(
      partition,
      ['a', 'a', 'a', 'b'].map((key, offset) => record('t', 0, offset, key)),
    );
    await until(() => handled.length === 1);
    const seeking = bench.container.listeners[0]?.seek(9n).catch((error: Error) => error.message);
    await nextTurn();
    gates[0]?.open();
    await until(() => begun.includes('1'));
    const revoking = bench.engine.revoke();
    gates[1]?.open();
    await revoking;
    expect(await seeking).toMatch(/cannot seek/);
    expect(handled).toEqual(['3', '0', '1', '2']);
    expect(bench.engine.commits.at(-1)).toBe('t-0=4');
  });
});
