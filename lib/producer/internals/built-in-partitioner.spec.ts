import { createRandom } from '../../../test/support/random.js';
import { BuiltInPartitioner, type StickyTopic } from './built-in-partitioner.js';

const BATCH_SIZE = 1_000;
const FULL = (): boolean => true;
const NOT_FULL = (): boolean => false;

class FakeTopic implements StickyTopic {
  public silent: readonly number[] = [];

  public constructor(
    /** Queue length by partition; undefined for one that never had any. */
    public queues: readonly (number | undefined)[],
    public available: readonly number[] = queues.map((_, partition) => partition),
  ) {}

  public get partitionCount(): number {
    return this.queues.length;
  }

  public queueLength(partition: number): number | undefined {
    return this.queues[partition];
  }

  public isResponsive(partition: number): boolean {
    return !this.silent.includes(partition);
  }
}

function partitioner(topic: FakeTopic, random: () => number = Math.random, adaptive = true): BuiltInPartitioner {
  return new BuiltInPartitioner(topic, { stickyBytes: BATCH_SIZE, adaptive }, random);
}

/** What a new choice gives for each of so many equally spaced random numbers. */
function choices(topic: FakeTopic, draws: number, adaptive = true): number[] {
  return Array.from({ length: draws }, (_, draw) =>
    partitioner(topic, () => (draw + 0.5) / draws, adaptive).partition(FULL),
  );
}

function counts(partitions: readonly number[], of: number): number[] {
  return Array.from({ length: of }, (_, partition) => partitions.filter((chosen) => chosen === partition).length);
}

describe('stickiness', () => {
  it('keeps a partition for batch.size bytes, then moves on', () => {
    let draw = 0;
    const sticky = partitioner(new FakeTopic([0, 0]), () => (draw++ % 2 === 0 ? 0 : 0.9));
    for (let record = 0; record < 9; record++) {
      expect(sticky.partition(FULL)).toBe(0);
      sticky.appended(100, true);
    }
    expect(sticky.partition(FULL)).toBe(0);
    sticky.appended(100, true);
    expect(sticky.partition(FULL)).toBe(1);
  });

  it('counts bytes, not records', () => {
    let draw = 0;
    const sticky = partitioner(new FakeTopic([0, 0]), () => (draw++ % 2 === 0 ? 0 : 0.9));
    for (let record = 0; record < 500; record++) {
      expect(sticky.partition(FULL)).toBe(0);
      sticky.appended(1, true);
    }
    sticky.appended(500, true);
    expect(sticky.partition(FULL)).toBe(1);
  });

  it('does not leave a batch that is not full, up to twice batch.size', () => {
    let draw = 0;
    const sticky = partitioner(new FakeTopic([0, 0]), () => (draw++ % 2 === 0 ? 0 : 0.9));
    sticky.partition(NOT_FULL);
    for (let record = 0; record < 19; record++) {
      sticky.appended(100, false);
      expect(sticky.partition(NOT_FULL)).toBe(0);
    }
    sticky.appended(100, false);
    expect(sticky.partition(NOT_FULL)).toBe(1);
  });

  it('makes the change that was put off as soon as the batch is full', () => {
    let draw = 0;
    const sticky = partitioner(new FakeTopic([0, 0]), () => (draw++ % 2 === 0 ? 0 : 0.9));
    sticky.partition(NOT_FULL);
    sticky.appended(1_200, false);
    expect(sticky.partition(NOT_FULL)).toBe(0);
    expect(sticky.partition((partition) => partition === 0)).toBe(1);
  });

  it('spreads bytes evenly whatever the sizes of records (seeded)', () => {
    const random = createRandom();
    const sticky = partitioner(new FakeTopic([0, 0, 0, 0]), random.next, false);
    const bytes = [0, 0, 0, 0];
    let total = 0;
    for (let record = 0; record < 60_000; record++) {
      const size = random.pick([10, 100, 900, 2_500]);
      const partition = sticky.partition(FULL);
      bytes[partition] = (bytes[partition] ?? 0) + size;
      total += size;
      sticky.appended(size, true);
    }
    for (const share of bytes) expect(Math.abs(share / total - 0.25)).toBeLessThan(0.02);
  });

  it('ends when the partition no longer exists', () => {
    const topic = new FakeTopic([0, 0, 0]);
    const sticky = partitioner(topic, () => 0.99);
    expect(sticky.partition(FULL)).toBe(2);
    topic.queues = [0, 0];
    topic.available = [0, 1];
    expect(sticky.partition(FULL)).toBe(1);
  });
});

describe('the choice', () => {
  // producer-semantics 2.9
  it.each([
    [
      [5, 0, 3, 0, 1],
      [1, 6, 3, 6, 5],
    ],
    [
      [1, 7, 2],
      [7, 1, 6],
    ],
    [
      [0, 3, 1],
      [4, 1, 3],
    ],
    [
      [0, 0, 9],
      [10, 10, 1],
    ],
  ])('prefers short queues: %j gives the weights %j', (queues, weights) => {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    expect(counts(choices(new FakeTopic(queues), total), queues.length)).toEqual(weights);
  });

  it('is uniform among available partitions when queues say nothing', () => {
    expect(counts(choices(new FakeTopic([2, 2, 2, 2]), 8), 4)).toEqual([2, 2, 2, 2]);
    expect(counts(choices(new FakeTopic([0, undefined, 9]), 9), 3)).toEqual([3, 3, 3]);
    expect(counts(choices(new FakeTopic([5, 0, 3], [1]), 6), 3)).toEqual([0, 6, 0]);
  });

  it('is uniform without adaptive partitioning', () => {
    expect(counts(choices(new FakeTopic([9, 0, 0]), 9, false), 3)).toEqual([3, 3, 3]);
  });

  it('never is a partition without a leader while another has one', () => {
    const topic = new FakeTopic([1, 0, 4, 0], [0, 2]);
    expect(new Set(choices(topic, 50))).toEqual(new Set([0, 2]));
    expect(new Set(choices(topic, 50, false))).toEqual(new Set([0, 2]));
  });

  it('is any partition when none has a leader', () => {
    expect(counts(choices(new FakeTopic([0, 0, 0], []), 9), 3)).toEqual([3, 3, 3]);
  });

  it('leaves out brokers that take nothing, also with equal queues', () => {
    const topic = new FakeTopic([2, 2, 2]);
    topic.silent = [1];
    expect(counts(choices(topic, 10), 3)).toEqual([5, 0, 5]);
  });

  it('is uniform when no broker takes anything', () => {
    const topic = new FakeTopic([2, 5, 2]);
    topic.silent = [0, 1, 2];
    expect(counts(choices(topic, 9), 3)).toEqual([3, 3, 3]);
  });

  it('is within bounds for any random number', () => {
    for (const queues of [[0], [0, 3], [1, 1, 5]]) {
      for (const draw of [0, 0.5, 0.999_999_999_999]) {
        const chosen = partitioner(new FakeTopic(queues), () => draw).partition(FULL);
        expect(queues[chosen]).toBeDefined();
      }
    }
  });
});
