import { jest } from '@jest/globals';
import {
  MAX_WAITING_BYTES,
  MAX_WAITING_BYTES_WHILE_MOVING,
  PendingSends,
  type PendingSendsDependencies,
} from './pending-sends.js';
import type { Resolve } from './producer-batch.js';
import { SerializedRecord } from './record-serializer.js';
import { NOT_CHOSEN } from './waiting-segment.js';

const MAX_BLOCK_MS = 60_000;
const START = 1_700_000_000_000;

/** A line of sends, with a memory of so many places and a set of known topics. */
class Bench {
  public readonly pending: PendingSends;
  /** In order: `+value` appended, `-value reason` failed. */
  public readonly events: string[] = [];
  public readonly known = new Set<string>();
  public readonly final = new Map<string, Error>();
  public places = Number.POSITIVE_INFINITY;
  public isStandstill = false;
  public onAppend: (value: string) => void = () => undefined;
  public onFail: (value: string) => void = () => undefined;
  public memoryWaited: number[] = [];
  private readonly values = new Map<Resolve, string>();

  public constructor(dependencies: Partial<PendingSendsDependencies> = {}) {
    this.pending = new PendingSends({
      maxBlockMs: MAX_BLOCK_MS,
      availableMemory: () => 0,
      isStandstill: () => this.isStandstill,
      partitionCount: (topic) => (this.known.has(topic) ? 3 : 0),
      finalError: (topic) => this.final.get(topic),
      append: (_, record) => {
        if (this.places < 1) return false;
        this.places--;
        this.events.push(`+${String(record.value)}`);
        this.onAppend(String(record.value));
        return true;
      },
      timeoutError: (_, waitsForMemory, waitedMs) => new Error(`${waitsForMemory ? 'memory' : 'metadata'} ${waitedMs}`),
      fail: ({ resolve }, error) => {
        const value = this.values.get(resolve) ?? '?';
        this.events.push(`-${value} ${error.message}`);
        this.onFail(value);
      },
      onMemoryWaited: (ms) => this.memoryWaited.push(ms),
      ...dependencies,
    });
  }

  public add(value: string, topic = 't', partition = NOT_CHOSEN): void {
    const resolve: Resolve = () => undefined;
    this.values.set(resolve, value);
    const send = { topic, partition, original: null, startedAt: Date.now(), resolve, reject: null };
    this.pending.add(send, recordOf(value, topic));
  }

  /** Adds values until no more may wait. */
  public fill(value: string): number {
    const record = recordOf(value);
    let added = 0;
    for (; this.pending.hasRoomFor(record, false); added++) this.add(value);
    return added;
  }

  public know(...topics: string[]): void {
    for (const topic of topics) this.known.add(topic);
    this.pending.metadataChanged();
  }

  public release(places: number): void {
    this.places = places;
    this.pending.memoryReleased();
  }
}

function recordOf(value: string, topic = 't'): SerializedRecord {
  return new SerializedRecord(topic, 0, null, value, null);
}

beforeEach(() => jest.useFakeTimers({ now: START }));
afterEach(() => {
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

describe('sends that wait for metadata', () => {
  it('go on in their order when their topic is known; those of other topics wait on', () => {
    const bench = new Bench();
    for (const [value, topic] of [
      ['a', 't'],
      ['x', 'u'],
      ['b', 't'],
    ] as const) {
      bench.add(value, topic);
    }
    expect([bench.pending.size, bench.pending.waitsForMetadata, bench.pending.waitsForMemory]).toEqual([
      3,
      true,
      false,
    ]);
    bench.know('t');
    expect(bench.events).toEqual(['+a', '+b']);
    bench.know('u');
    expect(bench.events).toEqual(['+a', '+b', '+x']);
    expect([bench.pending.size, bench.pending.waitingBytes]).toEqual([0, 0]);
  });

  it('fail at once when the topic can never be used', () => {
    const bench = new Bench();
    bench.add('a');
    bench.add('x', 'u');
    bench.final.set('t', new Error('no rights'));
    bench.pending.metadataChanged();
    expect(bench.events).toEqual(['-a no rights']);
    bench.know('u');
  });

  it('fail after max.block.ms, each counted from its own start', () => {
    const bench = new Bench();
    bench.add('a');
    jest.advanceTimersByTime(10_000);
    bench.add('b');
    jest.advanceTimersByTime(49_999);
    expect(bench.events).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(bench.events).toEqual(['-a metadata 60000']);
    jest.advanceTimersByTime(10_000);
    expect(bench.events).toEqual(['-a metadata 60000', '-b metadata 60000']);
  });

  it('all fail when the login was refused; those that wait for memory do not', () => {
    const bench = new Bench();
    bench.know('t');
    bench.places = 0;
    bench.add('a', 't');
    bench.add('x', 'u');
    bench.pending.failMetadataWaiters(new Error('refused'));
    expect(bench.events).toEqual(['-x refused']);
    bench.release(1);
    expect(bench.events).toEqual(['-x refused', '+a']);
  });

  it('keep their order when only some of their partitions are there', async () => {
    const bench = new Bench();
    bench.add('a', 't', 1);
    bench.add('odd', 't', 99);
    bench.add('b');
    let isDrained = false;
    const drained = bench.pending.drained().then(() => (isDrained = true));
    bench.add('later', 't', 0);
    bench.places = 0;
    bench.know('t');
    bench.release(1);
    expect(bench.events).toEqual(['+a']);
    bench.release(9);
    expect(bench.events).toEqual(['+a', '+b', '+later']);
    await Promise.resolve();
    expect(isDrained).toBe(false);
    jest.advanceTimersByTime(MAX_BLOCK_MS);
    await drained;
    expect(bench.events.at(-1)).toBe('-odd metadata 60000');
  });

  it('because of a partition that is not there do not hold up others of the topic', () => {
    const bench = new Bench();
    bench.know('t');
    bench.add('odd', 't', 99);
    expect(bench.pending.waitsForMemory).toBe(false);
    bench.add('a', 't', 1);
    bench.pending.memoryReleased();
    expect(bench.events).toEqual(['+a']);
    jest.advanceTimersByTime(MAX_BLOCK_MS);
    expect(bench.events).toEqual(['+a', '-odd metadata 60000']);
  });
});

describe('sends that wait for memory', () => {
  function full(): Bench {
    const bench = new Bench();
    bench.know('t', 'u');
    bench.places = 0;
    return bench;
  }

  it('go on in the order of all sends, as far as it goes', () => {
    const bench = full();
    for (const [value, topic] of [
      ['a', 't'],
      ['b', 'u'],
      ['c', 't'],
    ] as const) {
      bench.add(value, topic);
    }
    bench.release(2);
    expect(bench.events).toEqual(['+a', '+b']);
    expect(bench.pending.waitsForMemory).toBe(true);
    bench.release(1);
    expect(bench.events).toEqual(['+a', '+b', '+c']);
    expect(bench.pending.waitsForMemory).toBe(false);
  });

  it('are not overtaken by one that would fit: a large record is not starved by small ones', () => {
    const large = 'large';
    let isThere = false;
    const appended: string[] = [];
    const bench = new Bench({
      append: (_, record) => {
        if (String(record.value) === large && !isThere) return false;
        appended.push(String(record.value));
        return true;
      },
    });
    bench.know('t');
    for (const value of [large, 's1', 's2']) bench.add(value);
    bench.pending.memoryReleased();
    expect(appended).toEqual([]);
    isThere = true;
    bench.pending.memoryReleased();
    expect(appended).toEqual([large, 's1', 's2']);
  });

  it('fail after max.block.ms, the metadata wait included', () => {
    const bench = new Bench();
    bench.places = 0;
    bench.add('a');
    jest.advanceTimersByTime(40_000);
    bench.know('t');
    expect(bench.events).toEqual([]);
    jest.advanceTimersByTime(19_999);
    expect(bench.events).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(bench.events).toEqual(['-a memory 60000']);
  });

  it('fail in time although a younger one of another topic stands before them', () => {
    const bench = new Bench();
    bench.known.add('u');
    bench.places = 0;
    bench.add('old', 't');
    jest.advanceTimersByTime(50_000);
    bench.add('young', 'u');
    jest.advanceTimersByTime(5_000);
    bench.know('t');
    jest.advanceTimersByTime(5_000);
    expect(bench.events).toEqual(['-old memory 60000']);
    jest.advanceTimersByTime(50_000);
    expect(bench.events).toEqual(['-old memory 60000', '-young memory 60000']);
  });

  it('tell how long they waited for memory alone', () => {
    const bench = new Bench();
    bench.places = 0;
    bench.add('a');
    jest.advanceTimersByTime(300);
    bench.know('t');
    jest.advanceTimersByTime(70);
    bench.release(1);
    expect(bench.memoryWaited).toEqual([70]);
  });

  it('have one outcome also when a callback among them closes the producer', () => {
    const bench = full();
    for (const value of ['a', 'b', 'c']) bench.add(value);
    bench.onAppend = (value) => {
      if (value === 'b') bench.pending.failAll(new Error('closed'));
    };
    bench.release(9);
    expect(bench.events).toEqual(['+a', '+b', '-c closed']);
    expect([bench.pending.size, bench.pending.waitingBytes]).toEqual([0, 0]);
  });

  it('have one outcome also when the attempt to append one closes the producer', () => {
    const bench: Bench = new Bench({
      append: () => {
        bench.pending.failAll(new Error('closed'));
        return false;
      },
    });
    bench.known.add('t');
    for (const value of ['a', 'b']) bench.add(value);
    bench.pending.memoryReleased();
    expect(bench.events).toEqual(['-b closed', '-a closed']);
    expect([bench.pending.size, bench.pending.waitingBytes]).toEqual([0, 0]);
  });

  it('that come after all others were failed wait and go on like any', () => {
    const bench = full();
    bench.add('a');
    bench.pending.failAll(new Error('aborted'));
    for (const value of ['b', 'c']) bench.add(value);
    bench.pending.memoryReleased();
    bench.release(1);
    bench.release(1);
    expect(bench.events).toEqual(['-a aborted', '+b', '+c']);
  });

  it('keep their order when an outcome sends again', () => {
    const bench = full();
    for (const value of ['a', 'b']) bench.add(value);
    bench.onAppend = (value) => {
      if (value === 'a') bench.add('again');
    };
    bench.release(9);
    expect(bench.events).toEqual(['+a', '+b', '+again']);
  });
});

describe('max.block.ms 0', () => {
  it('waits for nothing', () => {
    const bench = new Bench({ maxBlockMs: 0 });
    bench.add('a');
    bench.know('t');
    bench.places = 0;
    bench.add('b');
    expect(bench.events).toEqual(['-a metadata 0', '-b memory 0']);
    expect(bench.pending.size).toBe(0);
  });

  it('ends also when each failure sends again, as long as somebody stops', () => {
    const bench = new Bench({ maxBlockMs: 0 });
    let left = 100;
    bench.onFail = () => {
      if (left-- > 0) bench.add('again');
    };
    bench.add('a');
    expect(bench.events).toHaveLength(101);
    expect([bench.pending.size, bench.pending.waitingBytes]).toEqual([0, 0]);
  });
});

describe('how much may wait', () => {
  const KIB = 1024;

  it('is bounded while nothing moves: bytes and objects together', () => {
    for (const [bytes, atMost] of [
      [100 * KIB, MAX_WAITING_BYTES / (100 * KIB)],
      [KIB, MAX_WAITING_BYTES / (KIB + 380)],
      // Tiny records cannot fill the heap with promises.
      [0, MAX_WAITING_BYTES / 380],
    ] as const) {
      const bench = new Bench();
      bench.isStandstill = true;
      const added = bench.fill('v'.repeat(bytes));
      expect(added).toBeLessThanOrEqual(atMost);
      expect(added).toBeGreaterThan(atMost * 0.8);
      // The last segment may not be full.
      expect(bench.pending.waitingBytes).toBeLessThanOrEqual(MAX_WAITING_BYTES + 65 * KIB);
      bench.pending.failAll(new Error('enough'));
      expect(bench.pending.waitingBytes).toBe(0);
    }
  });

  it('is more by the memory that is free', () => {
    let free = 0;
    const bench = new Bench({ availableMemory: () => free });
    bench.isStandstill = true;
    bench.fill('v'.repeat(KIB));
    free = 10 * 1024 * KIB;
    expect(bench.fill('v'.repeat(KIB))).toBeGreaterThan(free / (2 * KIB));
    bench.pending.failAll(new Error('enough'));
  });

  it('is more while records move: a burst of a million may wait its turn', () => {
    const bench = new Bench();
    expect(MAX_WAITING_BYTES_WHILE_MOVING / (150 + 349)).toBeGreaterThan(940_000);
    bench.isStandstill = true;
    const atStandstill = bench.fill('v'.repeat(100 * KIB));
    bench.isStandstill = false;
    expect(bench.pending.hasRoomFor(recordOf('v'), false)).toBe(true);
    const moving = bench.fill('v'.repeat(100 * KIB));
    expect(atStandstill + moving).toBeGreaterThan(10 * atStandstill);
    bench.isStandstill = true;
    expect(bench.pending.hasRoomFor(recordOf('v'), false)).toBe(false);
    bench.pending.failAll(new Error('enough'));
  });

  it('counts what is kept for a partitioner', () => {
    const bench = new Bench();
    bench.isStandstill = true;
    let added = 0;
    const value = 'v'.repeat(10 * KIB);
    const original = { topic: 't', value };
    for (; bench.pending.hasRoomFor(recordOf(value), true); added++) {
      const send = {
        topic: 't',
        partition: NOT_CHOSEN,
        original,
        startedAt: START,
        resolve: () => undefined,
        reject: null,
      };
      bench.pending.add(send, recordOf(value));
    }
    expect(added).toBeLessThan(MAX_WAITING_BYTES / (20 * KIB));
    bench.pending.failAll(new Error('enough'));
    expect(bench.pending.waitingBytes).toBe(0);
  });

  it('is free again when they have gone, whichever way', () => {
    const bench = new Bench();
    bench.isStandstill = true;
    const first = bench.fill('v'.repeat(KIB));
    bench.know('t');
    expect([bench.events.length, bench.pending.waitingBytes]).toEqual([first, 0]);
    bench.places = 0;
    expect(bench.fill('v'.repeat(KIB))).toBe(first);
    jest.advanceTimersByTime(MAX_BLOCK_MS);
    expect([bench.events.length, bench.pending.waitingBytes]).toEqual([2 * first, 0]);
    expect(bench.fill('v'.repeat(KIB))).toBe(first);
    bench.pending.failAll(new Error('enough'));
  });

  it('may be more sends that all fail at once than a function takes arguments', () => {
    const bench = new Bench();
    for (let index = 0; index < 150_000; index++) bench.add('');
    jest.advanceTimersByTime(MAX_BLOCK_MS);
    expect(bench.events).toHaveLength(150_000);
    expect(bench.pending.waitingBytes).toBe(0);
  });
});

describe('drained', () => {
  it('waits for those that wait now, whatever becomes of them, not for later ones', async () => {
    const bench = new Bench();
    bench.known.add('u');
    bench.places = 0;
    bench.add('metadata', 't');
    bench.add('memory', 'u');
    let isDrained = false;
    const drained = bench.pending.drained().then(() => (isDrained = true));
    bench.add('later', 'u');
    bench.final.set('t', new Error('no rights'));
    bench.pending.metadataChanged();
    await Promise.resolve();
    expect(isDrained).toBe(false);
    bench.release(1);
    await drained;
    expect(bench.events).toEqual(['-metadata no rights', '+memory']);
    expect(bench.pending.size).toBe(1);
    bench.pending.failAll(new Error('enough'));
  });

  it('is at once when nothing waits', async () => {
    await expect(new Bench().pending.drained()).resolves.toBeUndefined();
  });

  it('may be asked for several times', async () => {
    const bench = new Bench();
    bench.add('a');
    const all = Promise.all([bench.pending.drained(), bench.pending.drained()]);
    bench.know('t');
    await all;
    expect(bench.events).toEqual(['+a']);
  });
});

describe('the topics of those that wait', () => {
  it('are told while somebody waits for metadata or memory', () => {
    const bench = new Bench();
    bench.known.add('u');
    bench.places = 0;
    const waiting = (): string[] => ['t', 'u', 'v'].filter((topic) => bench.pending.waitsFor(topic));
    expect(waiting()).toEqual([]);
    bench.add('metadata', 't');
    bench.add('memory', 'u');
    expect(waiting()).toEqual(['t', 'u']);
    bench.release(1);
    expect(waiting()).toEqual(['t']);
    jest.advanceTimersByTime(MAX_BLOCK_MS);
    expect(waiting()).toEqual([]);
  });
});

describe('failing all', () => {
  it('fails every send once, and leaves no timer', () => {
    const bench = new Bench();
    bench.known.add('u');
    bench.places = 0;
    bench.add('a', 't');
    bench.add('b', 'u');
    expect(jest.getTimerCount()).toBe(1);
    bench.pending.failAll(new Error('closed'));
    bench.pending.failAll(new Error('again'));
    expect(bench.events).toEqual(['-a closed', '-b closed']);
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('the age of the oldest', () => {
  it('is 0 when nobody waits', () => {
    const bench = new Bench();
    expect(bench.pending.oldestAge(Date.now())).toBe(0);
    bench.add('a');
    jest.advanceTimersByTime(1_234);
    bench.add('b', 'u');
    expect(bench.pending.oldestAge(Date.now())).toBe(1_234);
    bench.pending.failAll(new Error('enough'));
    expect(bench.pending.oldestAge(Date.now())).toBe(0);
  });
});
