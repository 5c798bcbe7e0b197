import { jest } from '@jest/globals';
import { CommitFailedError } from '../../wire/commit-failed-error.js';
import { KafkaError } from '../../wire/kafka-error.js';
import { KafkaTimeoutError } from '../../wire/kafka-timeout-error.js';
import { turns, until } from '../../wire/spec-support/until.js';
import type { CommittedOffset } from './commit-strategy.js';
import {
  API_TIMEOUT_MS,
  retriable,
  final,
  assigned,
  record,
  handle,
  CommitBench,
  watch,
} from './spec-support/commit-bench.js';

describe('ListenerCommits', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'performance', 'nextTick', 'queueMicrotask'] });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('commits the watermarks of all partitions, with their leader epoch', async () => {
    const { commits, sent } = new CommitBench();
    const [first, second] = [assigned(0), assigned(1)];
    handle(commits.add(first), 5);
    handle(commits.add(second), 3);
    commits.commitAsync();
    expect(sent.map((commit) => commit.values)).toEqual([['0: 5', '1: 3']]);
    expect(sent[0]?.offsets[0]?.leaderEpoch).toBe(7);
    expect(sent[0]?.deadline).toBe(Date.now() + API_TIMEOUT_MS);
    expect(commits.committed(first)).toBeNull();
    await sent[0]?.succeed();
    expect([commits.committed(first), commits.committed(second)]).toEqual([5n, 3n]);
  });

  it('sends nothing when nothing is new, and says so', async () => {
    const bench = new CommitBench();
    const tracker = bench.commits.add(assigned(0));
    await bench.commits.commitSync();
    handle(tracker, 2);
    bench.commits.commitAsync();
    await until(() => bench.sent.length === 1);
    await bench.last.succeed();
    const told: unknown[] = [];
    bench.commits.commitAsync((error, offsets) => told.push([error, offsets]));
    await bench.commits.commitSync();
    expect(told).toEqual([[null, []]]);
    expect(bench.sent).toHaveLength(1);
  });

  it('leaves out what was committed before it was assigned', async () => {
    const bench = new CommitBench();
    const tracker = bench.commits.add(assigned(0), 5n);
    tracker.received([record(5)], 6n);
    await bench.commits.commitSync();
    expect(bench.sent).toHaveLength(0);
  });

  it('commits where a new group begins, so that it begins there again', () => {
    const bench = new CommitBench();
    bench.commits.add(assigned(0)).received([record(5)], 6n);
    bench.commits.commitAsync();
    expect(bench.last.values).toEqual(['0: 5']);
  });

  it('counts what is done since a commit was asked for', async () => {
    const bench = new CommitBench();
    const tracker = bench.commits.add(assigned(0));
    handle(tracker, 5);
    expect(bench.commits.uncommittedRecords).toBe(5);
    bench.commits.commitAsync();
    expect(bench.commits.uncommittedRecords).toBe(0);
    handle(tracker, 2);
    expect(bench.commits.uncommittedRecords).toBe(2);
    await bench.last.succeed();
    expect(bench.commits.uncommittedRecords).toBe(2);
  });

  describe('while one is in flight', () => {
    it('sends no other, and one for all that was asked for meanwhile', async () => {
      const bench = new CommitBench();
      const tracker = bench.commits.add(assigned(0));
      for (let count = 1; count <= 5; count++) {
        handle(tracker, 1);
        bench.commits.commitAsync();
      }
      expect(bench.values).toEqual([['0: 1']]);
      await bench.last.succeed();
      expect(bench.values).toEqual([['0: 1'], ['0: 5']]);
      await bench.last.succeed();
      expect(bench.sent).toHaveLength(2);
    });

    it('lets a sync commit wait for what was done when it was called', async () => {
      const bench = new CommitBench();
      const tracker = bench.commits.add(assigned(0));
      handle(tracker, 1);
      bench.commits.commitAsync();
      handle(tracker, 1);
      const second = watch(bench.commits.commitSync());
      const third = watch(bench.commits.commitSync());
      await bench.last.succeed();
      expect([second.state, third.state]).toEqual(['open', 'open']);
      await bench.last.succeed();
      expect([second.state, third.state]).toEqual(['resolved', 'resolved']);
      expect(bench.values).toEqual([['0: 1'], ['0: 2']]);
    });

    it('calls back once per call, in the order of the calls, and before a later sync commit ends', async () => {
      const bench = new CommitBench();
      const tracker = bench.commits.add(assigned(0));
      const log: string[] = [];
      const tell =
        (name: string) =>
        (error: Error | null, offsets: readonly CommittedOffset[]): void => {
          log.push(`${name} ${error === null} ${offsets.map(({ offset }) => offset).join()}`);
        };
      handle(tracker, 1);
      bench.commits.commitAsync(tell('a'));
      handle(tracker, 1);
      bench.commits.commitAsync(tell('b'));
      handle(tracker, 1);
      bench.commits.commitAsync(tell('c'));
      void bench.commits.commitSync().then(() => log.push('sync'));
      await bench.last.succeed();
      await bench.last.succeed();
      expect(log).toEqual(['a true 1', 'b true 3', 'c true 3', 'sync']);
    });
  });

  describe('after a failure', () => {
    it('sends what is done by then, so that the older commit cannot overwrite a newer one', async () => {
      const bench = new CommitBench();
      const tracker = bench.commits.add(assigned(0));
      handle(tracker, 5);
      bench.commits.commitAsync();
      handle(tracker, 3);
      bench.commits.commitAsync();
      await bench.last.fail(retriable());
      await jest.advanceTimersByTimeAsync(1_000);
      await bench.last.succeed();
      await jest.advanceTimersByTimeAsync(10_000);
      expect(bench.values).toEqual([['0: 5'], ['0: 8']]);
      expect(bench.commits.committed(bench.last.offsets[0]?.partition ?? assigned(0))).toBe(8n);
    });

    it('tries again by itself, even if no record follows', async () => {
      const bench = new CommitBench();
      handle(bench.commits.add(assigned(0)), 5);
      bench.commits.commitAsync();
      await bench.last.fail(retriable());
      expect(bench.sent).toHaveLength(1);
      await jest.advanceTimersByTimeAsync(1_000);
      expect(bench.values).toEqual([['0: 5'], ['0: 5']]);
      await bench.last.fail(retriable());
      await jest.advanceTimersByTimeAsync(1_000);
      await bench.last.succeed();
      await jest.advanceTimersByTimeAsync(10_000);
      expect(bench.sent).toHaveLength(3);
      expect(jest.getTimerCount()).toBe(0);
    });

    it('leaves the broker in peace for the back-off, whatever is asked for', async () => {
      const bench = new CommitBench();
      const tracker = bench.commits.add(assigned(0));
      handle(tracker, 5);
      bench.commits.commitAsync();
      await bench.last.fail(retriable());
      for (let count = 0; count < 10; count++) {
        handle(tracker, 1);
        bench.commits.commitAsync();
        await turns(1);
      }
      expect(bench.sent).toHaveLength(1);
      await jest.advanceTimersByTimeAsync(200);
      expect(bench.values).toEqual([['0: 5'], ['0: 15']]);
    });

    it('begins with a short back-off again after a success', async () => {
      const bench = new CommitBench();
      const tracker = bench.commits.add(assigned(0));
      handle(tracker, 5);
      bench.commits.commitAsync();
      for (let count = 0; count < 6; count++) {
        await bench.last.fail(retriable());
        await jest.advanceTimersByTimeAsync(1_000);
      }
      await bench.last.succeed();
      const before = bench.sent.length;
      handle(tracker, 5);
      bench.commits.commitAsync();
      await bench.last.fail(retriable());
      await jest.advanceTimersByTimeAsync(120);
      expect(bench.sent).toHaveLength(before + 2);
    });

    it('keeps the process alive for its back-off only when somebody waits', async () => {
      const timers = jest.spyOn(globalThis, 'setTimeout');
      const lastTimer = (): NodeJS.Timeout => timers.mock.results.at(-1)?.value as NodeJS.Timeout;
      const bench = new CommitBench();
      handle(bench.commits.add(assigned(0)), 5);
      bench.commits.commitAsync();
      await bench.last.fail(retriable());
      expect(lastTimer().hasRef()).toBe(false);
      void watch(bench.commits.commitSync());
      expect(lastTimer().hasRef()).toBe(true);
      bench.commits.close();
      timers.mockRestore();
    });

    it('does not repeat by itself what cannot succeed, but takes it along', async () => {
      const bench = new CommitBench();
      const tracker = bench.commits.add(assigned(0));
      handle(tracker, 5);
      bench.commits.commitAsync();
      await bench.last.fail(final());
      await jest.advanceTimersByTimeAsync(10_000);
      expect(bench.sent).toHaveLength(1);
      bench.commits.commitAsync();
      expect(bench.values).toEqual([['0: 5'], ['0: 5']]);
    });

    it('tells the callback, else the log', async () => {
      const bench = new CommitBench();
      handle(bench.commits.add(assigned(0)), 5);
      const told: unknown[] = [];
      const error = retriable();
      bench.commits.commitAsync((failure, offsets) => told.push([failure, offsets]));
      await bench.last.fail(error);
      expect(told).toEqual([[error, [{ topic: 'flights', partition: 0, offset: '5' }]]]);
      await jest.advanceTimersByTimeAsync(200);
      await bench.last.fail(error);
      expect(told).toHaveLength(1);
      expect(bench.failures).toEqual([
        [error.message, true],
        [error.message, false],
      ]);
    });

    it('tries a sync commit again until its time is over', async () => {
      const bench = new CommitBench();
      handle(bench.commits.add(assigned(0)), 5);
      const calledAt = Date.now();
      const outcome = watch(bench.commits.commitSync());
      let failed = 0;
      while (outcome.state === 'open' && failed < 1_000) {
        expect(bench.last.deadline).toBe(calledAt + API_TIMEOUT_MS);
        failed++;
        await bench.last.fail(retriable());
        if (outcome.state === 'open') await jest.advanceTimersByTimeAsync(1_000);
      }
      expect(outcome).toMatchObject({ state: 'rejected', error: { codeName: 'COORDINATOR_LOAD_IN_PROGRESS' } });
      expect(Date.now() - calledAt).toBeGreaterThanOrEqual(API_TIMEOUT_MS);
      expect(Date.now() - calledAt).toBeLessThan(API_TIMEOUT_MS + 2_000);
    });

    it('ends a sync commit well when a repetition succeeds', async () => {
      const bench = new CommitBench();
      handle(bench.commits.add(assigned(0)), 5);
      const outcome = watch(bench.commits.commitSync());
      await bench.last.fail(retriable());
      expect(outcome.state).toBe('open');
      await jest.advanceTimersByTimeAsync(200);
      await bench.last.succeed();
      expect(outcome.state).toBe('resolved');
      expect(bench.failures).toEqual([[retriable().message, false]]);
    });

    it('rejects a sync commit at once that cannot succeed', async () => {
      const bench = new CommitBench();
      handle(bench.commits.add(assigned(0)), 5);
      const outcome = watch(bench.commits.commitSync());
      await bench.last.fail(final());
      expect(outcome).toMatchObject({ state: 'rejected', error: { codeName: 'TOPIC_AUTHORIZATION_FAILED' } });
      expect(bench.failures).toEqual([[final().message, true]]);
    });

    it('gives each sync commit its own time', async () => {
      const bench = new CommitBench();
      const tracker = bench.commits.add(assigned(0));
      handle(tracker, 1);
      const first = watch(bench.commits.commitSync());
      await jest.advanceTimersByTimeAsync(10_000);
      const second = watch(bench.commits.commitSync());
      await jest.advanceTimersByTimeAsync(50_000);
      await bench.last.fail(new KafkaTimeoutError('The offsets were not committed in time.'));
      expect([first.state, second.state]).toEqual(['rejected', 'open']);
      await jest.advanceTimersByTimeAsync(200);
      await bench.last.succeed();
      expect(second.state).toBe('resolved');
    });
  });

  describe('for partitions that are no longer assigned', () => {
    it('sends nothing, and holds nobody up', async () => {
      const bench = new CommitBench();
      const [kept, lost, removed] = [assigned(0), assigned(1), assigned(2)];
      for (const partition of [kept, lost, removed]) handle(bench.commits.add(partition), 5);
      lost.isAssigned = false;
      bench.commits.remove(removed);
      const outcome = watch(bench.commits.commitSync());
      expect(bench.last.values).toEqual(['0: 5']);
      await bench.last.succeed();
      expect(outcome.state).toBe('resolved');
      kept.isAssigned = false;
      await bench.commits.commitSync();
      expect(bench.sent).toHaveLength(1);
    });

    it('gives up a repetition quietly when they are lost meanwhile', async () => {
      const bench = new CommitBench();
      const partition = assigned(0);
      handle(bench.commits.add(partition), 5);
      const outcome = watch(bench.commits.commitSync());
      await bench.last.fail(retriable());
      partition.isAssigned = false;
      await jest.advanceTimersByTimeAsync(1_000);
      expect(outcome.state).toBe('resolved');
      expect(bench.sent).toHaveLength(1);
    });

    it('takes a refusal for what it is: others go on with them', async () => {
      const bench = new CommitBench();
      handle(bench.commits.add(assigned(0)), 5);
      const error = new CommitFailedError('the group has moved on');
      const told: unknown[] = [];
      bench.commits.commitAsync((failure) => told.push(failure));
      const outcome = watch(bench.commits.commitSync());
      await bench.last.fail(error);
      expect(told).toEqual([error]);
      await jest.advanceTimersByTimeAsync(200);
      await bench.last.fail(error);
      expect(outcome.state).toBe('resolved');
      await jest.advanceTimersByTimeAsync(10_000);
      expect(bench.sent).toHaveLength(2);
      expect(bench.failures).toEqual([]);
    });

    it('takes any failure for that when all of them were lost while it was in flight', async () => {
      const bench = new CommitBench();
      const partition = assigned(0);
      handle(bench.commits.add(partition), 5);
      const outcome = watch(bench.commits.commitSync());
      partition.isAssigned = false;
      await bench.last.fail(new KafkaError('The consumer is closed.'));
      expect(outcome.state).toBe('resolved');
      expect(bench.failures).toEqual([]);
    });

    it('does not mix up a partition with its next assignment', async () => {
      const bench = new CommitBench();
      const before = assigned(0);
      handle(bench.commits.add(before), 5);
      bench.commits.commitAsync();
      before.isAssigned = false;
      bench.commits.remove(before);
      const after = assigned(0);
      bench.commits.add(after);
      await bench.last.succeed();
      expect(bench.commits.committed(after)).toBeNull();
    });
  });

  it('commits an earlier offset when somebody has gone back to it', async () => {
    const bench = new CommitBench();
    const tracker = bench.commits.add(assigned(0));
    handle(tracker, 5);
    bench.commits.commitAsync();
    tracker.reset(2n);
    bench.commits.commitAsync();
    await bench.last.succeed();
    expect(bench.values).toEqual([['0: 5'], ['0: 2']]);
  });

  it('outlives callbacks that throw or reject, and tells', async () => {
    const bench = new CommitBench();
    handle(bench.commits.add(assigned(0)), 5);
    const told: string[] = [];
    bench.commits.commitAsync(() => {
      throw new Error('thrown');
    });
    bench.commits.commitAsync(() => Promise.reject(new Error('rejected')) as never);
    bench.commits.commitAsync(() => told.push('told'));
    await bench.last.succeed();
    await until(() => bench.failures.length === 2);
    expect(told).toEqual(['told']);
    expect(bench.failures.map(([message]) => message)).toEqual([
      expect.stringContaining('callback of Board.show'),
      expect.stringContaining('callback of Board.show'),
    ]);
  });

  describe('when reading went on without a record', () => {
    it('commits that soon, so that no lag stays', async () => {
      const bench = new CommitBench();
      const tracker = bench.commits.add(assigned(0));
      handle(tracker, 5);
      bench.commits.commitAsync();
      await bench.last.succeed();
      tracker.received([], 9n);
      bench.commits.skipped();
      bench.commits.skipped();
      expect(jest.getTimerCount()).toBe(1);
      await jest.advanceTimersByTimeAsync(5_000);
      expect(bench.values).toEqual([['0: 5'], ['0: 9']]);
    });

    it('leaves it to the strategy where records are done and not committed', async () => {
      const bench = new CommitBench();
      const [quiet, busy] = [bench.commits.add(assigned(0)), bench.commits.add(assigned(1))];
      handle(busy, 5);
      quiet.received([], 9n);
      bench.commits.skipped();
      await jest.advanceTimersByTimeAsync(5_000);
      expect(bench.values).toEqual([['0: 9']]);
      expect(bench.commits.uncommittedRecords).toBe(5);
    });

    it('does so after a seek, too', async () => {
      const bench = new CommitBench();
      const partition = assigned(0);
      handle(bench.commits.add(partition), 5);
      bench.commits.commitAsync();
      bench.commits.remove(partition);
      const after = bench.commits.add(partition);
      await bench.last.succeed();
      expect(bench.commits.committed(partition)).toBe(5n);
      after.received([], 9n);
      bench.commits.skipped();
      await jest.advanceTimersByTimeAsync(5_000);
      expect(bench.values).toEqual([['0: 5'], ['0: 9']]);
    });

    it('waits for its turn while another commit is in flight', async () => {
      const bench = new CommitBench();
      const [quiet, busy] = [bench.commits.add(assigned(0)), bench.commits.add(assigned(1))];
      handle(busy, 5);
      bench.commits.commitAsync();
      quiet.received([], 9n);
      bench.commits.skipped();
      await jest.advanceTimersByTimeAsync(5_000);
      expect(bench.values).toEqual([['1: 5']]);
      await bench.last.succeed();
      await jest.advanceTimersByTimeAsync(5_000);
      expect(bench.values).toEqual([['1: 5'], ['0: 9']]);
    });
  });

  describe('with transactions', () => {
    it('never commits anything itself, and knows what they have committed', async () => {
      const bench = new CommitBench({ isTransactional: true });
      const partition = assigned(0);
      const tracker = bench.commits.add(partition);
      handle(tracker, 5);
      const told: unknown[] = [];
      bench.commits.commitAsync((error, offsets) => told.push([error, offsets]));
      await bench.commits.commitSync();
      await bench.commits.commitFinal([partition], Date.now() + 1_000);
      bench.commits.skipped();
      await jest.advanceTimersByTimeAsync(5_000);
      expect(bench.sent).toEqual([]);
      expect(told).toEqual([[null, []]]);
      bench.commits.noteCommitted(partition, 5n);
      expect(bench.commits.committed(partition)).toBe(5n);
    });
  });

  describe('when closed', () => {
    it('leaves no timer behind, and tells who still waits', async () => {
      const bench = new CommitBench();
      const tracker = bench.commits.add(assigned(0));
      handle(tracker, 5);
      const outcome = watch(bench.commits.commitSync());
      const error = retriable();
      await bench.last.fail(error);
      tracker.received([], 9n);
      bench.commits.skipped();
      bench.commits.close();
      await turns();
      expect(outcome).toEqual({ state: 'rejected', error });
      expect(jest.getTimerCount()).toBe(0);
    });

    it('does not try again what fails afterwards', async () => {
      const bench = new CommitBench();
      handle(bench.commits.add(assigned(0)), 5);
      const outcome = watch(bench.commits.commitSync());
      bench.commits.close();
      await bench.last.fail(retriable());
      expect(outcome.state).toBe('rejected');
      expect(jest.getTimerCount()).toBe(0);
      await bench.commits.commitSync();
      bench.commits.skipped();
      expect(jest.getTimerCount()).toBe(0);
      expect(bench.sent).toHaveLength(1);
    });
  });
});
