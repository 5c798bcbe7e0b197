import { createRandom, type Random } from '../../../test/support/random.js';
import type { ConsumedRecord } from '../consumed-record.js';
import { OffsetTracker } from './offset-tracker.js';

function record(offset: number | bigint, leaderEpoch = 3): ConsumedRecord {
  return {
    topic: 'flights',
    partition: 0,
    offset: BigInt(offset),
    timestamp: 0,
    timestampType: 'CreateTime',
    leaderEpoch,
    key: null,
    value: null,
    headers: [],
    sizeInBytes: 0,
  };
}

/** Receives records with these offsets, and says how to complete each. */
function receive(tracker: OffsetTracker, offsets: readonly number[], nextOffset?: number): Map<number, ConsumedRecord> {
  const records = offsets.map((offset) => record(offset));
  tracker.received(records, BigInt(nextOffset ?? (offsets.at(-1) ?? 0) + 1));
  return new Map(records.map((received) => [Number(received.offset), received]));
}

function complete(tracker: OffsetTracker, records: ReadonlyMap<number, ConsumedRecord>, ...offsets: number[]): void {
  for (const offset of offsets) expect(tracker.done(records.get(offset) ?? record(-1))).toBe(true);
}

describe('OffsetTracker', () => {
  it('knows nothing before something was received', () => {
    const tracker = new OffsetTracker();
    expect(tracker.watermark).toBeNull();
    expect(tracker.watermarkLeaderEpoch).toBe(-1);
    expect(tracker.oldestInFlightAt).toBeNull();
    expect(tracker.done(record(0))).toBe(false);
    expect([tracker.inFlight, tracker.windowSize, tracker.doneRecords]).toEqual([0, 0, 0]);
  });

  it('stands at the first record that is not done', () => {
    const tracker = new OffsetTracker();
    const records = receive(tracker, [5, 6, 7, 8]);
    expect(tracker.watermark).toBe(5n);
    complete(tracker, records, 6, 8);
    expect([tracker.watermark, tracker.inFlight, tracker.windowSize]).toEqual([5n, 2, 4]);
    complete(tracker, records, 5);
    expect([tracker.watermark, tracker.inFlight, tracker.windowSize]).toEqual([7n, 1, 2]);
    complete(tracker, records, 7);
    expect([tracker.watermark, tracker.inFlight, tracker.windowSize]).toEqual([9n, 0, 0]);
  });

  it('takes a gap between offsets for what is not there', () => {
    const tracker = new OffsetTracker();
    const records = receive(tracker, [10, 17, 30]);
    complete(tracker, records, 10);
    expect(tracker.watermark).toBe(17n);
    complete(tracker, records, 30, 17);
    expect(tracker.watermark).toBe(31n);
  });

  it('leaves no lag behind markers, aborted records and compacted ends', () => {
    const tracker = new OffsetTracker();
    complete(tracker, receive(tracker, [0, 1], 3), 0, 1);
    expect(tracker.watermark).toBe(3n);
    tracker.received([], 9n);
    expect(tracker.watermark).toBe(9n);
  });

  it('does not pass a record that is in flight when only markers follow', () => {
    const tracker = new OffsetTracker();
    const records = receive(tracker, [0]);
    tracker.received([], 9n);
    expect(tracker.watermark).toBe(0n);
    complete(tracker, records, 0);
    expect(tracker.watermark).toBe(9n);
  });

  it('passes over several receptions once the one record is done that they waited for', () => {
    const tracker = new OffsetTracker();
    const first = receive(tracker, [0]);
    for (let offset = 1; offset < 200; offset++) complete(tracker, receive(tracker, [offset]), offset);
    expect([tracker.watermark, tracker.windowSize]).toEqual([0n, 200]);
    complete(tracker, first, 0);
    expect([tracker.watermark, tracker.windowSize, tracker.doneRecords]).toEqual([200n, 0, 200]);
  });

  it('counts a record once', () => {
    const tally = { records: 0 };
    const tracker = new OffsetTracker(tally);
    const records = receive(tracker, [0, 1, 2]);
    complete(tracker, records, 0, 2);
    expect(tracker.done(records.get(0) ?? record(0))).toBe(false);
    expect(tracker.done(records.get(2) ?? record(2))).toBe(false);
    expect([tracker.inFlight, tracker.doneRecords, tally.records]).toEqual([1, 2, 2]);
  });

  it('says since when the record at the watermark is there', () => {
    const before = Date.now();
    const tracker = new OffsetTracker();
    const records = receive(tracker, [0]);
    expect(tracker.oldestInFlightAt).toBeGreaterThanOrEqual(before);
    expect(tracker.oldestInFlightAt).toBeLessThanOrEqual(Date.now());
    complete(tracker, records, 0);
    expect(tracker.oldestInFlightAt).toBeNull();
  });

  it('lets go of a record that is done behind one that is not', () => {
    const tracker = new OffsetTracker();
    const [stuck, large] = [record(0), record(1)];
    tracker.received([stuck, large], 2n);
    tracker.done(large);
    const reachable = new Set<unknown>();
    const walk = (value: unknown): void => {
      if (typeof value !== 'object' || value === null || reachable.has(value)) return;
      reachable.add(value);
      for (const child of Object.values(value)) walk(child);
    };
    walk(tracker);
    expect([reachable.has(stuck), reachable.has(large)]).toEqual([true, false]);
  });

  describe('after a rewind', () => {
    it('forgets what is at or above, and keeps the work below', () => {
      const tracker = new OffsetTracker();
      const records = receive(tracker, [0, 1, 2, 3]);
      complete(tracker, records, 3);
      tracker.rewind(2n);
      expect([tracker.watermark, tracker.inFlight, tracker.windowSize]).toEqual([0n, 2, 2]);
      complete(tracker, records, 1, 0);
      expect(tracker.watermark).toBe(2n);
    });

    it('ignores the completion of forgotten work, also when the same offset was fetched again', () => {
      const tracker = new OffsetTracker();
      const before = receive(tracker, [0, 1, 2]);
      tracker.rewind(0n);
      expect(tracker.watermark).toBe(0n);
      const after = receive(tracker, [0, 1, 2]);
      for (const forgotten of before.values()) expect(tracker.done(forgotten)).toBe(false);
      expect([tracker.watermark, tracker.inFlight]).toEqual([0n, 3]);
      complete(tracker, after, 0, 1, 2);
      expect(tracker.watermark).toBe(3n);
    });

    it('goes on from an offset below the watermark when asked to', () => {
      const tracker = new OffsetTracker();
      complete(tracker, receive(tracker, [0, 1, 2, 3]), 0, 1, 2);
      tracker.rewind(1n);
      expect([tracker.watermark, tracker.inFlight]).toEqual([1n, 0]);
    });

    it('takes records that come again without a word for a rewind', () => {
      const tracker = new OffsetTracker();
      const before = receive(tracker, [0, 1, 2]);
      complete(tracker, before, 0, 1);
      const after = receive(tracker, [1, 2]);
      expect(tracker.watermark).toBe(1n);
      expect(tracker.done(before.get(2) ?? record(2))).toBe(false);
      complete(tracker, after, 1, 2);
      expect(tracker.watermark).toBe(3n);
    });
  });

  describe('after a reset', () => {
    it('forgets work below the offset, too: somebody wants it skipped', () => {
      const tracker = new OffsetTracker();
      const records = receive(tracker, [0, 1, 2]);
      tracker.reset(100n);
      expect([tracker.watermark, tracker.inFlight, tracker.windowSize]).toEqual([100n, 0, 0]);
      expect(tracker.done(records.get(0) ?? record(0))).toBe(false);
    });

    it('knows the watermark only with the next records when the offset is not known', () => {
      const tracker = new OffsetTracker();
      complete(tracker, receive(tracker, [0, 1]), 0);
      tracker.reset(null);
      expect(tracker.watermark).toBeNull();
      receive(tracker, [40]);
      expect(tracker.watermark).toBe(40n);
    });
  });

  describe('the leader epoch of the watermark', () => {
    it('is that of the record before it', () => {
      const tracker = new OffsetTracker();
      const [first, second, third] = [record(0, 4), record(1, 5), record(2, 6)];
      tracker.received([first, second, third], 3n);
      tracker.done(second);
      expect(tracker.watermarkLeaderEpoch).toBe(-1);
      tracker.done(first);
      expect([tracker.watermark, tracker.watermarkLeaderEpoch]).toEqual([2n, 5]);
      tracker.done(third);
      expect([tracker.watermark, tracker.watermarkLeaderEpoch]).toEqual([3n, 6]);
    });

    it('is left open behind a gap that may belong to another epoch', () => {
      const tracker = new OffsetTracker();
      const [first, second] = [record(0, 4), record(2, 5)];
      tracker.received([first, second], 3n);
      tracker.done(first);
      expect([tracker.watermark, tracker.watermarkLeaderEpoch]).toEqual([2n, -1]);
      tracker.done(second);
      tracker.received([], 4n);
      expect([tracker.watermark, tracker.watermarkLeaderEpoch]).toEqual([4n, -1]);
    });

    it('is not that of what was read before a reset', () => {
      const tracker = new OffsetTracker();
      complete(tracker, receive(tracker, [0, 1]), 0, 1);
      tracker.reset(null);
      receive(tracker, [40]);
      expect(tracker.watermarkLeaderEpoch).toBe(-1);
    });

    it('is known across a gap when both sides are of one epoch', () => {
      const tracker = new OffsetTracker();
      const [first, second] = [record(0, 4), record(2, 4)];
      tracker.received([first, second], 3n);
      tracker.done(first);
      expect(tracker.watermarkLeaderEpoch).toBe(4);
    });
  });

  it('agrees with a plain model, whatever happens in whatever order', () => {
    expect.hasAssertions();
    const random = createRandom();
    for (let story = 0; story < 80; story++) play(random, 150);
  });
});

/** What the tracker promises, written down without a thought for speed. */
class Model {
  public entries: { readonly record: ConsumedRecord; isDone: boolean }[] = [];
  public next: bigint | null = null;

  public get watermark(): bigint | null {
    return this.entries.find(({ isDone }) => !isDone)?.record.offset ?? this.next;
  }

  public get inFlight(): number {
    return this.entries.filter(({ isDone }) => !isDone).length;
  }

  public get windowSize(): number {
    const { watermark } = this;
    return this.entries.filter(({ record }) => watermark !== null && record.offset >= watermark).length;
  }

  public rewind(to: bigint): void {
    const { watermark } = this;
    if (watermark === null || to < watermark) this.entries = [];
    this.entries = this.entries.filter(({ record }) => record.offset < to);
    this.next = to;
  }
}

function play(random: Random, steps: number): void {
  const tracker = new OffsetTracker();
  const model = new Model();
  const everything: ConsumedRecord[] = [];
  const gap = (): bigint => (random.next() < 0.8 ? 0n : BigInt(random.integer(1, 20)));
  const receiveSome = (): void => {
    let offset = model.next ?? BigInt(random.integer(0, 100));
    const records = Array.from({ length: random.integer(0, 12) }, () => {
      offset += gap();
      return record(offset++);
    });
    const nextOffset = offset + gap();
    tracker.received(records, nextOffset);
    model.entries.push(...records.map((received) => ({ record: received, isDone: false })));
    model.next = nextOffset;
    everything.push(...records);
  };
  const completeOne = (): void => {
    const open = model.entries.filter(({ isDone }) => !isDone);
    const chosen = random.next() < 0.4 ? open[0]?.record : open[random.integer(0, open.length)]?.record;
    // Now and then one that was done before, or forgotten.
    const target = random.next() < 0.9 ? chosen : everything[random.integer(0, everything.length)];
    if (target === undefined) return;
    const entry = model.entries.find(({ record: received }) => received === target);
    expect(tracker.done(target)).toBe(entry?.isDone === false);
    if (entry !== undefined) entry.isDone = true;
  };
  const goElsewhere = (): void => {
    const to = (model.watermark ?? 0n) + BigInt(random.integer(-5, 30));
    if (to < 0n) return;
    if (random.next() < 0.7) {
      tracker.rewind(to);
      model.rewind(to);
      return;
    }
    tracker.reset(to);
    model.entries = [];
    model.next = to;
  };
  for (let step = 0; step < steps; step++) {
    const dice = random.next();
    if (dice < 0.15) receiveSome();
    else if (dice < 0.98) completeOne();
    else goElsewhere();
    expect({
      watermark: tracker.watermark,
      inFlight: tracker.inFlight,
      windowSize: tracker.windowSize,
      isOld: tracker.oldestInFlightAt !== null,
    }).toEqual({
      watermark: model.watermark,
      inFlight: model.inFlight,
      windowSize: model.windowSize,
      isOld: model.inFlight > 0,
    });
  }
}
