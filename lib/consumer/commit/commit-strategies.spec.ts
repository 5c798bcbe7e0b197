import { jest } from '@jest/globals';
import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { ConfigError } from '../../producer/errors.js';
import { AsyncCommitStrategy } from './async-commit.strategy.js';
import { AutoCommitStrategy } from './auto-commit.strategy.js';
import type { CommitCallback, CommitSession, DoneRecords, ListenerOffsets } from './commit-strategy.js';
import { ManualCommitStrategy } from './manual-commit.strategy.js';
import { SyncCommitStrategy } from './sync-commit.strategy.js';
import { TransactionalCommitStrategy } from './transactional-commit.strategy.js';

/** Writes down what a strategy asks for. */
class RecordedOffsets implements ListenerOffsets {
  public readonly listenerId = 'Board.show';
  public readonly uncommittedRecords = 0;
  public readonly asked: string[] = [];
  public readonly callbacks: (CommitCallback | undefined)[] = [];
  public failure: Error | null = null;

  commitSync(): Promise<void> {
    this.asked.push('sync');
    return this.failure === null ? Promise.resolve() : Promise.reject(this.failure);
  }

  commitAsync(callback?: CommitCallback): void {
    this.asked.push('async');
    this.callbacks.push(callback);
  }
}

function done(count = 1): DoneRecords {
  return { topic: 'flights', partition: 0, count };
}

async function handleBatch(session: CommitSession, count: number): Promise<void> {
  for (let index = 0; index < count; index++) await session.afterRecord?.(done());
  await session.afterBatch?.(done(count));
}

describe('AutoCommitStrategy', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('commits 5 s after the first record that is done, and then rests', async () => {
    const offsets = new RecordedOffsets();
    const session = new AutoCommitStrategy().start(offsets);
    expect(jest.getTimerCount()).toBe(0);
    await handleBatch(session, 3);
    jest.advanceTimersByTime(4_999);
    expect(offsets.asked).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(offsets.asked).toEqual(['async']);
    expect(jest.getTimerCount()).toBe(0);
    await handleBatch(session, 1);
    jest.advanceTimersByTime(5_000);
    expect(offsets.asked).toEqual(['async', 'async']);
  });

  it('is not put off by more records', async () => {
    const offsets = new RecordedOffsets();
    const session = new AutoCommitStrategy({ intervalMs: 1_000 }).start(offsets);
    for (let step = 0; step < 100; step++) {
      await handleBatch(session, 1);
      jest.advanceTimersByTime(100);
    }
    expect(offsets.asked).toHaveLength(10);
  });

  it('commits as soon as so many records are done, and counts anew', async () => {
    const offsets = new RecordedOffsets();
    const session = new AutoCommitStrategy({ count: 10 }).start(offsets);
    await handleBatch(session, 9);
    expect(offsets.asked).toEqual([]);
    await handleBatch(session, 1);
    expect(offsets.asked).toEqual(['async']);
    await handleBatch(session, 9);
    expect(offsets.asked).toEqual(['async']);
    jest.advanceTimersByTime(5_000);
    expect(offsets.asked).toEqual(['async', 'async']);
  });

  it('counts the records of a batch handler', async () => {
    const offsets = new RecordedOffsets();
    const session = new AutoCommitStrategy({ count: 10, intervalMs: null }).start(offsets);
    await session.afterRecord?.(done(7));
    expect(offsets.asked).toEqual([]);
    await session.afterRecord?.(done(7));
    expect(offsets.asked).toEqual(['async']);
  });

  it('goes by the count alone when asked to', async () => {
    const offsets = new RecordedOffsets();
    const session = new AutoCommitStrategy({ count: 10, intervalMs: null }).start(offsets);
    await handleBatch(session, 9);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('makes nobody wait', () => {
    const session = new AutoCommitStrategy({ count: 1 }).start(new RecordedOffsets());
    expect(session.afterRecord?.(done())).toBeUndefined();
  });

  it('leaves no timer behind', async () => {
    const offsets = new RecordedOffsets();
    const session = new AutoCommitStrategy().start(offsets);
    await handleBatch(session, 1);
    session.stop?.();
    expect(jest.getTimerCount()).toBe(0);
    await handleBatch(session, 1);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('keeps the listeners apart that share it', async () => {
    const strategy = new AutoCommitStrategy({ count: 2, intervalMs: null });
    const [first, second] = [new RecordedOffsets(), new RecordedOffsets()];
    await handleBatch(strategy.start(first), 1);
    await handleBatch(strategy.start(second), 1);
    expect([first.asked, second.asked]).toEqual([[], []]);
  });

  it('does not keep the process alive', async () => {
    jest.useRealTimers();
    const spy = jest.spyOn(globalThis, 'setTimeout');
    const session = new AutoCommitStrategy().start(new RecordedOffsets());
    await handleBatch(session, 1);
    const [timer] = spy.mock.results.map(({ value }) => value as NodeJS.Timeout);
    expect(timer?.hasRef()).toBe(false);
    session.stop?.();
    spy.mockRestore();
    jest.useFakeTimers();
  });
});

describe('SyncCommitStrategy', () => {
  it('commits once per batch unless told otherwise, and waits', async () => {
    const offsets = new RecordedOffsets();
    await handleBatch(new SyncCommitStrategy().start(offsets), 3);
    expect(offsets.asked).toEqual(['sync']);
  });

  it('commits after each record when asked to', async () => {
    const offsets = new RecordedOffsets();
    await handleBatch(new SyncCommitStrategy({ per: 'record' }).start(offsets), 3);
    expect(offsets.asked).toEqual(['sync', 'sync', 'sync']);
  });

  it.each(['record', 'batch'] as const)('hands a failure on (%s)', async (per) => {
    const offsets = new RecordedOffsets();
    offsets.failure = new Error('not committed');
    await expect(handleBatch(new SyncCommitStrategy({ per }).start(offsets), 3)).rejects.toBe(offsets.failure);
    expect(offsets.asked).toEqual(['sync']);
  });
});

describe('AsyncCommitStrategy', () => {
  it('asks for a commit once per batch unless told otherwise', async () => {
    const offsets = new RecordedOffsets();
    await handleBatch(new AsyncCommitStrategy().start(offsets), 3);
    expect(offsets.asked).toEqual(['async']);
    expect(offsets.callbacks).toEqual([undefined]);
  });

  it('asks after each record when told to, without making anybody wait', () => {
    const offsets = new RecordedOffsets();
    const session = new AsyncCommitStrategy({ per: 'record' }).start(offsets);
    expect(session.afterRecord?.(done())).toBeUndefined();
    expect(session.afterRecord?.(done())).toBeUndefined();
    expect(session.afterBatch?.(done())).toBeUndefined();
    expect(offsets.asked).toEqual(['async', 'async']);
  });

  describe('with a callback', () => {
    const committed = [{ topic: 'flights', partition: 0, offset: '5' }];

    function start(): { offsets: RecordedOffsets; told: unknown[]; handleOne: () => void } {
      const offsets = new RecordedOffsets();
      const told: unknown[] = [];
      const callback: CommitCallback = (error, positions) => {
        told.push([error, positions]);
      };
      const session = new AsyncCommitStrategy({ per: 'record', callback }).start(offsets);
      return { offsets, told, handleOne: () => void session.afterRecord?.(done()) };
    }

    it('tells once per commit, however many records it is for, and never lets calls pile up', () => {
      const { handleOne, offsets, told } = start();
      for (let count = 0; count < 1_000; count++) handleOne();
      expect(offsets.callbacks).toHaveLength(1);
      offsets.callbacks[0]?.(null, committed);
      expect(told).toEqual([[null, committed]]);
      expect(offsets.callbacks).toHaveLength(2);
      offsets.callbacks[1]?.(null, committed);
      expect(offsets.callbacks).toHaveLength(2);
      handleOne();
      expect(offsets.callbacks).toHaveLength(3);
    });

    it('tells of a failure, and commits what was done meanwhile', () => {
      const { handleOne, offsets, told } = start();
      handleOne();
      handleOne();
      const error = new Error('not committed');
      offsets.callbacks[0]?.(error, committed);
      expect(told).toEqual([[error, committed]]);
      expect(offsets.callbacks).toHaveLength(2);
    });

    it('has nothing to tell when nothing was sent', () => {
      const { handleOne, offsets, told } = start();
      handleOne();
      offsets.callbacks[0]?.(null, []);
      expect(told).toEqual([]);
    });

    it('hands on what the callback throws, and goes on', () => {
      const offsets = new RecordedOffsets();
      const callback = (): never => {
        throw new Error('thrown');
      };
      const session = new AsyncCommitStrategy({ callback }).start(offsets);
      void session.afterBatch?.(done());
      expect(() => offsets.callbacks[0]?.(null, committed)).toThrow('thrown');
      void session.afterBatch?.(done());
      expect(offsets.asked).toHaveLength(2);
    });
  });
});

describe('ManualCommitStrategy', () => {
  it('lets records count as done when they are acknowledged, and asks for a commit then', () => {
    const offsets = new RecordedOffsets();
    const strategy = new ManualCommitStrategy();
    expect(strategy.acknowledgement).toBe('manual');
    expect(strategy.start(offsets).afterRecord?.(done())).toBeUndefined();
    expect(offsets.asked).toEqual(['async']);
  });

  it('waits for the commit when asked to', async () => {
    const offsets = new RecordedOffsets();
    offsets.failure = new Error('not committed');
    const session = new ManualCommitStrategy({ sync: true }).start(offsets);
    await expect(session.afterRecord?.(done())).rejects.toBe(offsets.failure);
    expect(offsets.asked).toEqual(['sync']);
  });
});

describe('TransactionalCommitStrategy', () => {
  it('leaves commits to transactions', async () => {
    const strategy = new TransactionalCommitStrategy();
    expect(strategy.isTransactional).toBe(true);
    await expect(handleBatch(strategy.start(), 3)).resolves.toBeUndefined();
  });
});

describe('the options of commit strategies', () => {
  const wrong = (options: object): never => options as never;

  it.each<[string, () => unknown, string, RegExp]>([
    [
      'an unknown name',
      () => new AutoCommitStrategy(wrong({ interval: 5 })),
      'interval',
      /no option 'interval'.*intervalMs, count/,
    ],
    [
      'an interval of nothing',
      () => new AutoCommitStrategy({ intervalMs: 0 }),
      'intervalMs',
      /from 1 to 2147483647, not 0/,
    ],
    ['a fraction', () => new AutoCommitStrategy({ intervalMs: 1.5 }), 'intervalMs', /whole number of milliseconds/],
    [
      'a count of text',
      () => new AutoCommitStrategy(wrong({ count: '10' })),
      'count',
      /whole number of records.*not '10'/,
    ],
    [
      'what never commits',
      () => new AutoCommitStrategy({ intervalMs: null }),
      'intervalMs',
      /nothing would ever be committed/,
    ],
    [
      'another unit',
      () => new SyncCommitStrategy(wrong({ per: 'message' })),
      'per',
      /'record' or 'batch', not 'message'/,
    ],
    ['no object', () => new SyncCommitStrategy(wrong([])), 'options', /must be an object/],
    ['null', () => new SyncCommitStrategy(null as never), 'options', /must be an object/],
    ['another unit, async', () => new AsyncCommitStrategy(wrong({ per: 1 })), 'per', /AsyncCommitStrategy: per/],
    [
      'a callback that is none',
      () => new AsyncCommitStrategy(wrong({ callback: true })),
      'callback',
      /must be a function/,
    ],
    [
      'a sync that is no boolean',
      () => new ManualCommitStrategy(wrong({ sync: 'yes' })),
      'sync',
      /true or false, not 'yes'/,
    ],
    [
      'an option of another strategy',
      () => new ManualCommitStrategy(wrong({ per: 'record' })),
      'per',
      /no option 'per'/,
    ],
  ])('refuse %s', (_, make, setting, message) => {
    let error: unknown = null;
    try {
      make();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ setting, message: expect.stringMatching(message) });
  });

  it('take undefined for what is not set', async () => {
    const offsets = new RecordedOffsets();
    await handleBatch(new SyncCommitStrategy({ per: undefined }).start(offsets), 2);
    await handleBatch(new AsyncCommitStrategy({ per: undefined, callback: undefined }).start(offsets), 2);
    expect(offsets.asked).toEqual(['sync', 'async']);
    expect(() => new AutoCommitStrategy({ intervalMs: undefined, count: undefined })).not.toThrow();
    expect(() => new ManualCommitStrategy({ sync: undefined })).not.toThrow();
  });
});

describe("Nest's injector", () => {
  it.each([
    AutoCommitStrategy,
    SyncCommitStrategy,
    AsyncCommitStrategy,
    ManualCommitStrategy,
    TransactionalCommitStrategy,
  ])('makes a %p with its defaults', async (strategy) => {
    @Module({ providers: [strategy] })
    class ListenerModule {}

    const module = await Test.createTestingModule({ imports: [ListenerModule] }).compile();
    expect(module.get<unknown>(strategy)).toBeInstanceOf(strategy);
  });
});
