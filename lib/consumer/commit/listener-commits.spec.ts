import { jest } from '@jest/globals';
import { createRandom, type Random } from '../../../test/support/random.js';
import { BrokerResponseError } from '../../wire/broker-response-error.js';
import { CommitFailedError } from '../../wire/commit-failed-error.js';
import { KafkaError } from '../../wire/kafka-error.js';
import { KafkaTimeoutError } from '../../wire/kafka-timeout-error.js';
import { turns, until } from '../../wire/spec-support/until.js';
import type { ConsumedRecord } from '../consumed-record.js';
import type { AssignedPartition, OffsetToCommit } from '../consumer-engine-api.js';
import type { CommittedOffset } from './commit-strategy.js';
import { ListenerCommits, type ListenerCommitsOptions } from './listener-commits.js';
import type { OffsetTracker } from './offset-tracker.js';

const COORDINATOR_LOADING = 14;
const TOPIC_AUTHORIZATION_FAILED = 29;
const API_TIMEOUT_MS = 60_000;

const retriable = (): Error => new BrokerResponseError(COORDINATOR_LOADING);
const final = (): Error => new BrokerResponseError(TOPIC_AUTHORIZATION_FAILED);

interface TestPartition extends AssignedPartition {
  isAssigned: boolean;
}

function assigned(partition: number): TestPartition {
  return {
    topic: 'flights',
    partition,
    membership: { groupId: 'board', generationId: 1, memberId: 'member', groupInstanceId: null },
    isAssigned: true,
    position: 0n,
    endOffset: 0n,
    pause: () => undefined,
    resume: () => undefined,
    seek: () => undefined,
  };
}

function record(offset: number): ConsumedRecord {
  return {
    topic: 'flights',
    partition: 0,
    offset: BigInt(offset),
    timestamp: 0,
    timestampType: 'CreateTime',
    leaderEpoch: 7,
    key: null,
    value: null,
    headers: [],
    sizeInBytes: 0,
  };
}

/** Receives so many records, and has them done. */
function handle(tracker: OffsetTracker, count: number): void {
  const from = Number(tracker.watermark ?? 0n);
  const records = Array.from({ length: count }, (_, index) => record(from + index));
  tracker.received(records, BigInt(from + count));
  for (const one of records) tracker.done(one);
}

/** A commit that the test answers. */
class SentCommit {
  constructor(
    public readonly offsets: readonly OffsetToCommit[],
    public readonly deadline: number,
    private readonly resolve: () => void,
    private readonly reject: (error: Error) => void,
  ) {}

  /** `partition: offset` */
  get values(): string[] {
    return this.offsets.map(({ offset, partition }) => `${partition.partition}: ${offset}`);
  }

  async succeed(): Promise<void> {
    this.resolve();
    await turns(3);
  }

  async fail(error: Error): Promise<void> {
    this.reject(error);
    await turns(3);
  }
}

class Bench {
  public readonly sent: SentCommit[] = [];
  public readonly failures: [string, boolean][] = [];
  public readonly commits: ListenerCommits;

  constructor(options: Partial<ListenerCommitsOptions> = {}) {
    this.commits = new ListenerCommits({
      listenerId: 'Board.show',
      commit: (offsets, deadline) =>
        new Promise((resolve, reject) => {
          this.sent.push(new SentCommit(offsets, deadline, resolve, reject));
        }),
      isTransactional: false,
      defaultApiTimeoutMs: API_TIMEOUT_MS,
      retryBackoffMs: 100,
      retryBackoffMaxMs: 1_000,
      onFailure: (error, wasReported) => this.failures.push([error.message, wasReported]),
      ...options,
    });
  }

  get last(): SentCommit {
    const last = this.sent.at(-1);
    if (last === undefined) throw new Error('nothing was sent');
    return last;
  }

  get values(): string[][] {
    return this.sent.map(({ values }) => values);
  }
}

/** How a promise stands. */
function watch(promise: Promise<unknown>): { state: 'open' | 'resolved' | 'rejected'; error: unknown } {
  const watched: ReturnType<typeof watch> = { state: 'open', error: null };
  promise.then(
    () => {
      watched.state = 'resolved';
    },
    (error: unknown) => {
      watched.state = 'rejected';
      watched.error = error;
    },
  );
  return watched;
}

describe('ListenerCommits', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'performance', 'nextTick', 'queueMicrotask'] });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('commits the watermarks of all partitions, with their leader epoch', async () => {
    const { commits, sent } = new Bench();
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
    const bench = new Bench();
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
    const bench = new Bench();
    const tracker = bench.commits.add(assigned(0), 5n);
    tracker.received([record(5)], 6n);
    await bench.commits.commitSync();
    expect(bench.sent).toHaveLength(0);
  });

  it('commits where a new group begins, so that it begins there again', () => {
    const bench = new Bench();
    bench.commits.add(assigned(0)).received([record(5)], 6n);
    bench.commits.commitAsync();
    expect(bench.last.values).toEqual(['0: 5']);
  });

  it('counts what is done since a commit was asked for', async () => {
    const bench = new Bench();
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
      const bench = new Bench();
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
      const bench = new Bench();
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
      const bench = new Bench();
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
      const bench = new Bench();
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
      const bench = new Bench();
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
      const bench = new Bench();
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
      const bench = new Bench();
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
      const bench = new Bench();
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
      const bench = new Bench();
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
      const bench = new Bench();
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
      const bench = new Bench();
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
      const bench = new Bench();
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
      const bench = new Bench();
      handle(bench.commits.add(assigned(0)), 5);
      const outcome = watch(bench.commits.commitSync());
      await bench.last.fail(final());
      expect(outcome).toMatchObject({ state: 'rejected', error: { codeName: 'TOPIC_AUTHORIZATION_FAILED' } });
      expect(bench.failures).toEqual([[final().message, true]]);
    });

    it('gives each sync commit its own time', async () => {
      const bench = new Bench();
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
      const bench = new Bench();
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
      const bench = new Bench();
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
      const bench = new Bench();
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
      const bench = new Bench();
      const partition = assigned(0);
      handle(bench.commits.add(partition), 5);
      const outcome = watch(bench.commits.commitSync());
      partition.isAssigned = false;
      await bench.last.fail(new KafkaError('The consumer is closed.'));
      expect(outcome.state).toBe('resolved');
      expect(bench.failures).toEqual([]);
    });

    it('does not mix up a partition with its next assignment', async () => {
      const bench = new Bench();
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
    const bench = new Bench();
    const tracker = bench.commits.add(assigned(0));
    handle(tracker, 5);
    bench.commits.commitAsync();
    tracker.reset(2n);
    bench.commits.commitAsync();
    await bench.last.succeed();
    expect(bench.values).toEqual([['0: 5'], ['0: 2']]);
  });

  it('outlives callbacks that throw or reject, and tells', async () => {
    const bench = new Bench();
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
      const bench = new Bench();
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
      const bench = new Bench();
      const [quiet, busy] = [bench.commits.add(assigned(0)), bench.commits.add(assigned(1))];
      handle(busy, 5);
      quiet.received([], 9n);
      bench.commits.skipped();
      await jest.advanceTimersByTimeAsync(5_000);
      expect(bench.values).toEqual([['0: 9']]);
      expect(bench.commits.uncommittedRecords).toBe(5);
    });

    it('does so after a seek, too', async () => {
      const bench = new Bench();
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
      const bench = new Bench();
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
      const bench = new Bench({ isTransactional: true });
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
      const bench = new Bench();
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
      const bench = new Bench();
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

describe('The final commit', () => {
  const soon = (): number => Date.now() + 5_000;

  it('waits for what is in flight, then commits the rest', async () => {
    const bench = new Bench();
    const partition = assigned(0);
    const tracker = bench.commits.add(partition);
    handle(tracker, 5);
    bench.commits.commitAsync();
    handle(tracker, 3);
    const deadline = soon();
    const outcome = watch(bench.commits.commitFinal([partition], deadline));
    await turns();
    expect(bench.values).toEqual([['0: 5']]);
    await bench.last.succeed();
    expect(bench.values).toEqual([['0: 5'], ['0: 8']]);
    expect(bench.last.deadline).toBe(deadline);
    expect(outcome.state).toBe('open');
    await bench.last.succeed();
    expect(outcome.state).toBe('resolved');
  });

  it('sends nothing when what was in flight was all', async () => {
    const bench = new Bench();
    const partition = assigned(0);
    handle(bench.commits.add(partition), 5);
    bench.commits.commitAsync();
    const outcome = watch(bench.commits.commitFinal([partition], soon()));
    await bench.last.succeed();
    expect(outcome.state).toBe('resolved');
    await bench.commits.commitFinal([partition], soon());
    expect(bench.sent).toHaveLength(1);
  });

  it('takes only the partitions that are given away', async () => {
    const bench = new Bench();
    const [given, kept] = [assigned(0), assigned(1)];
    for (const partition of [given, kept]) handle(bench.commits.add(partition), 5);
    void bench.commits.commitFinal([given], soon());
    expect(bench.last.values).toEqual(['0: 5']);
    await bench.last.succeed();
    expect(bench.commits.uncommittedRecords).toBe(10);
  });

  it('makes up for a commit that has failed, without its back-off', async () => {
    const bench = new Bench({ retryBackoffMs: 60_000, retryBackoffMaxMs: 60_000 });
    const partition = assigned(0);
    handle(bench.commits.add(partition), 5);
    bench.commits.commitAsync();
    await bench.last.fail(retriable());
    void bench.commits.commitFinal([partition], soon());
    await turns();
    expect(bench.values).toEqual([['0: 5'], ['0: 5']]);
    bench.commits.close();
  });

  it('retries until the deadline', async () => {
    const bench = new Bench({ retryBackoffMs: 1, retryBackoffMaxMs: 2 });
    const partition = assigned(0);
    handle(bench.commits.add(partition), 5);
    const outcome = watch(bench.commits.commitFinal([partition], soon()));
    for (let count = 1; count <= 3; count++) {
      await until(() => bench.sent.length === count);
      await bench.last.fail(retriable());
    }
    await until(() => bench.sent.length === 4);
    await bench.last.succeed();
    expect(outcome.state).toBe('resolved');
  });

  it('throws what went wrong when its time is over', async () => {
    const bench = new Bench({ retryBackoffMs: 1, retryBackoffMaxMs: 2 });
    const partition = assigned(0);
    handle(bench.commits.add(partition), 5);
    const outcome = watch(bench.commits.commitFinal([partition], Date.now() + 30));
    for (let count = 1; outcome.state === 'open'; count++) {
      await until(() => bench.sent.length === count || outcome.state !== 'open');
      if (outcome.state === 'open') await bench.last.fail(retriable());
    }
    expect(outcome).toMatchObject({ state: 'rejected', error: { codeName: 'COORDINATOR_LOAD_IN_PROGRESS' } });
    expect(bench.sent.length).toBeGreaterThan(1);
  });

  it('throws at once what cannot succeed', async () => {
    const bench = new Bench();
    const partition = assigned(0);
    handle(bench.commits.add(partition), 5);
    const outcome = watch(bench.commits.commitFinal([partition], soon()));
    await bench.last.fail(final());
    expect(outcome).toMatchObject({ state: 'rejected', error: { codeName: 'TOPIC_AUTHORIZATION_FAILED' } });
  });

  it('does not wait longer than its time for what is in flight', async () => {
    const bench = new Bench();
    const partition = assigned(0);
    handle(bench.commits.add(partition), 5);
    bench.commits.commitAsync();
    await expect(bench.commits.commitFinal([partition], Date.now() + 20)).rejects.toBeInstanceOf(KafkaTimeoutError);
    expect(bench.sent).toHaveLength(1);
  });

  it('is content when the partitions are lost meanwhile', async () => {
    const bench = new Bench();
    const partition = assigned(0);
    handle(bench.commits.add(partition), 5);
    const refused = watch(bench.commits.commitFinal([partition], soon()));
    await bench.last.fail(new CommitFailedError('the group has moved on'));
    expect(refused.state).toBe('resolved');
    partition.isAssigned = false;
    await bench.commits.commitFinal([partition], soon());
    expect(bench.sent).toHaveLength(1);
  });

  it('lets those follow who have asked for a commit meanwhile', async () => {
    const bench = new Bench();
    const [given, kept] = [assigned(0), assigned(1)];
    handle(bench.commits.add(given), 5);
    void bench.commits.commitFinal([given], soon());
    handle(bench.commits.add(kept), 3);
    const outcome = watch(bench.commits.commitSync());
    expect(bench.sent).toHaveLength(1);
    await bench.last.succeed();
    expect(bench.values).toEqual([['0: 5'], ['1: 3']]);
    await bench.last.succeed();
    expect(outcome.state).toBe('resolved');
  });
});

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
  const bench = new Bench({ retryBackoffMs: 0, retryBackoffMaxMs: 0 });
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
