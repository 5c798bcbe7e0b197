import { createRandom, type Random } from '../../../test/support/random.js';
import { until } from '../../wire/spec-support/until.js';
import type { ConsumedRecord } from '../consumed-record.js';
import { retriable, final, assigned, record, CommitBench, watch } from './spec-support/commit-bench.js';

describe('ListenerCommits, whatever happens', () => {
  it('never moves a position backwards, never commits what is not done, and ends with everything committed', async () => {
    const random = createRandom();
    for (let story = 0; story < 40; story++) {
      const { committed, done } = await play(random);
      expect(committed).toEqual(done);
    }
  });
});

async function play(random: Random): Promise<{ committed: bigint[]; done: (bigint | null)[] }> {
  const bench = new CommitBench({ retryBackoffMs: 0, retryBackoffMaxMs: 0 });
  const partitions = [assigned(0), assigned(1), assigned(2)];
  const trackers = partitions.map((partition) => bench.commits.add(partition));
  const broker = [0n, 0n, 0n];
  const open: ConsumedRecord[][] = [[], [], []];
  const sync: ReturnType<typeof watch>[] = [];
  let called = 0;
  let expectedCalls = 0;
  let answered = 0;
  const answer = async (succeeds: boolean): Promise<void> => {
    const commit = bench.sent[answered];
    if (commit === undefined) return;
    expect(bench.sent).toHaveLength(answered + 1);
    answered++;
    // A commit that has failed for the client may nevertheless have been stored.
    if (succeeds || random.next() < 0.5) {
      for (const { offset, partition } of commit.offsets) {
        expect(offset).toBeGreaterThanOrEqual(broker[partition.partition] ?? 0n);
        expect(offset).toBeLessThanOrEqual(trackers[partition.partition]?.watermark ?? 0n);
        broker[partition.partition] = offset;
      }
    }
    if (succeeds) await commit.succeed();
    else await commit.fail(random.next() < 0.8 ? retriable() : final());
  };
  const work = (): void => {
    const index = random.integer(0, 2);
    const tracker = trackers[index];
    const waiting = open[index];
    if (tracker === undefined || waiting === undefined) return;
    if (waiting.length === 0) {
      const from = Number(tracker.watermark ?? 0n);
      waiting.push(...Array.from({ length: random.integer(1, 5) }, (_, offset) => record(from + offset)));
      tracker.received([...waiting], BigInt(from + waiting.length));
    }
    const [one] = waiting.splice(random.integer(0, waiting.length - 1), 1);
    if (one !== undefined) tracker.done(one);
  };
  for (let step = 0; step < 100; step++) {
    const dice = random.next();
    if (dice < 0.5) work();
    else if (dice < 0.65) bench.commits.commitAsync();
    else if (dice < 0.75) {
      expectedCalls++;
      bench.commits.commitAsync(() => called++);
    } else if (dice < 0.8) sync.push(watch(bench.commits.commitSync()));
    else await answer(random.next() < 0.6);
    if (random.next() < 0.2) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const last = watch(bench.commits.commitFinal(partitions, Date.now() + 5_000));
  const wrong: unknown[] = [];
  await until(() => {
    answer(true).catch((error: unknown) => wrong.push(error));
    const isOver = last.state !== 'open' && sync.every(({ state }) => state !== 'open') && called === expectedCalls;
    return isOver || wrong.length > 0;
  });
  expect(wrong).toEqual([]);
  expect(last.state).toBe('resolved');
  bench.commits.close();
  return { committed: broker, done: trackers.map(({ watermark }) => watermark ?? 0n) };
}
