import { jest } from '@jest/globals';
import { ConfigError, InvalidPartitionError } from '../errors.js';
import type { PartitionInfo } from '../record.js';
import { Crc32Partitioner } from './crc32.partitioner.js';
import { DefaultPartitioner } from './default.partitioner.js';
import { isBuiltInPartitioner } from './is-built-in-partitioner.js';
import { murmur2, toPositive } from './murmur2.js';
import type { ClusterView, Partitioner } from './partitioner.js';
import { ReservedKeyPartitioner } from './reserved-key.partitioner.js';
import { RoundRobinPartitioner } from './round-robin.partitioner.js';
import { UniformStickyPartitioner } from './uniform-sticky.partitioner.js';

/** A cluster in which every topic has `count` partitions, those of `leaderless` without a leader. */
function clusterOf(count: number, leaderless: readonly number[] = []): ClusterView {
  const partitions = Array.from({ length: count }, (_, partition): PartitionInfo => ({
    topic: 'any',
    partition,
    leader: leaderless.includes(partition) ? null : 1,
    replicas: [1],
    inSyncReplicas: [1],
    offlineReplicas: [],
  }));
  return {
    partitionCount: () => count,
    partitions: () => partitions,
    availablePartitions: () => partitions.filter((info) => info.leader !== null),
  };
}

function place(
  partitioner: Partitioner,
  cluster: ClusterView,
  key: string | Buffer | null = null,
  topic = 't',
): number {
  const keyBytes = typeof key === 'string' ? Buffer.from(key) : key;
  return partitioner.partition({ topic, key, keyBytes, value: 'v', cluster });
}

/** Places records of which every one opens a new batch, and counts them per partition. */
function spread(partitioner: Partitioner, cluster: ClusterView, records: number): number[] {
  const counts = Array.from({ length: cluster.partitionCount('t') }, () => 0);
  for (let i = 0; i < records; i++) {
    const partition = place(partitioner, cluster);
    counts[partition] = (counts[partition] ?? 0) + 1;
    partitioner.onNewBatch?.('t', cluster, partition);
  }
  return counts;
}

const keys = (count: number): string[] => Array.from({ length: count }, (_, i) => `key-${i}`);

const seed = Date.now() % 2 ** 31;

beforeAll(() => process.stdout.write(`partitioners.spec seed ${seed}\n`));

beforeEach(() => {
  let state = seed;
  jest.spyOn(Math, 'random').mockImplementation(() => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 8) / 2 ** 23;
  });
});

afterEach(() => jest.restoreAllMocks());

describe('RoundRobinPartitioner', () => {
  it.each([2, 3, 4, 6])('gives each of %i partitions the same number of records, whatever their keys', (count) => {
    const partitioner = new RoundRobinPartitioner();
    const cluster = clusterOf(count);
    const placed = keys(count * 100).map((key) => place(partitioner, cluster, key));

    expect(placed.slice(0, count)).toEqual(Array.from({ length: count }, (_, i) => i));
    for (let partition = 0; partition < count; partition++) {
      expect(placed.filter((p) => p === partition)).toHaveLength(100);
    }
  });

  it('counts each topic by itself', () => {
    const partitioner = new RoundRobinPartitioner();
    const cluster = clusterOf(2);
    const placed = ['a', 'b', 'a', 'b'].map((topic) => place(partitioner, cluster, null, topic));

    expect(placed).toEqual([0, 0, 1, 1]);
  });

  it('passes over partitions without a leader', () => {
    const partitioner = new RoundRobinPartitioner();
    const cluster = clusterOf(4, [1, 2]);

    expect(Array.from({ length: 4 }, () => place(partitioner, cluster))).toEqual([0, 3, 0, 3]);
  });

  it('takes all partitions when none has a leader', () => {
    const partitioner = new RoundRobinPartitioner();
    const cluster = clusterOf(2, [0, 1]);

    expect(Array.from({ length: 3 }, () => place(partitioner, cluster))).toEqual([0, 1, 0]);
  });
});

describe('UniformStickyPartitioner', () => {
  it('stays on a partition until it has opened a new batch, then moves to another', () => {
    const partitioner = new UniformStickyPartitioner();
    const cluster = clusterOf(6);
    const first = place(partitioner, cluster, 'a');

    expect(keys(20).every((key) => place(partitioner, cluster, key) === first)).toBe(true);
    partitioner.onNewBatch('t', cluster, first);
    expect(place(partitioner, cluster, 'a')).not.toBe(first);
  });

  it('does not move for a batch opened on another partition', () => {
    const partitioner = new UniformStickyPartitioner();
    const cluster = clusterOf(6);
    const first = place(partitioner, cluster);
    partitioner.onNewBatch('t', cluster, (first + 1) % 6);

    expect(place(partitioner, cluster)).toBe(first);
  });

  it('reaches every partition about as often, and none without a leader', () => {
    const counts = spread(new UniformStickyPartitioner(), clusterOf(6, [4]), 5000);

    expect(counts[4]).toBe(0);
    for (const partition of [0, 1, 2, 3, 5]) {
      expect(counts[partition]).toBeGreaterThan(800);
      expect(counts[partition]).toBeLessThan(1200);
    }
  });

  it('stays where it is when there is no other partition', () => {
    expect(spread(new UniformStickyPartitioner(), clusterOf(1), 3)).toEqual([3]);
  });

  it('forgets a partition that the topic no longer has', () => {
    const partitioner = new UniformStickyPartitioner();
    let first = place(partitioner, clusterOf(6));
    while (first < 2) {
      partitioner.onNewBatch('t', clusterOf(6), first);
      first = place(partitioner, clusterOf(6));
    }

    expect(place(partitioner, clusterOf(2))).toBeLessThan(2);
  });
});

describe('DefaultPartitioner', () => {
  it("gives a key Java's partition over all partitions, also those without a leader", () => {
    const partitioner = new DefaultPartitioner();

    expect(place(partitioner, clusterOf(2), '1')).toBe(1);
    expect(place(partitioner, clusterOf(2), '2')).toBe(0);
    expect(place(partitioner, clusterOf(50, [42]), 'VIP')).toBe(42);
  });

  it('takes an empty key for a key', () => {
    expect(place(new DefaultPartitioner(), clusterOf(50), '')).toBe(31);
  });

  it('keeps records without a key together until a new batch', () => {
    const partitioner = new DefaultPartitioner();
    const cluster = clusterOf(6);
    const first = place(partitioner, cluster);
    expect(place(partitioner, cluster)).toBe(first);
    partitioner.onNewBatch('t', cluster, first);
    expect(place(partitioner, cluster)).not.toBe(first);
  });

  it('is the built-in one as a class and as an instance, but not when extended', () => {
    class Own extends DefaultPartitioner {}

    expect([undefined, null, DefaultPartitioner, new DefaultPartitioner()].map(isBuiltInPartitioner)).toEqual(
      Array.from({ length: 4 }, () => true),
    );
    expect([Own, new Own(), RoundRobinPartitioner].map(isBuiltInPartitioner)).toEqual([false, false, false]);
  });
});

describe('Crc32Partitioner', () => {
  // The check value of CRC-32/ISO-HDLC, and three more from an independent implementation (zlib).
  it.each([
    ['123456789', 0xcbf43926],
    ['a', 0xe8b7be43],
    ['VIP', 0xdda02ea8],
    ['order-1', 0xe0b37fef],
  ])('places %s by its unsigned CRC-32', (key, crc) => {
    for (const count of [2, 3, 6, 50]) expect(place(new Crc32Partitioner(), clusterOf(count), key)).toBe(crc % count);
  });

  it('takes an empty key for none, as librdkafka does', () => {
    const partitioner = new Crc32Partitioner();
    const cluster = clusterOf(6);
    const seen = new Set<number>();
    for (let i = 0; i < 100; i++) {
      const partition = place(partitioner, cluster, '');
      expect(place(partitioner, cluster, null)).toBe(partition);
      seen.add(partition);
      partitioner.onNewBatch('t', cluster, partition);
    }
    expect(seen.size).toBe(6);
  });
});

describe('ReservedKeyPartitioner', () => {
  const cluster = clusterOf(6);

  it('gives a reserved key its partition, which no other record gets', () => {
    const partitioner = ReservedKeyPartitioner.with({ VIP: 0 });
    const others = keys(1000).map((key) => place(partitioner, cluster, key));

    expect(place(partitioner, cluster, 'VIP')).toBe(0);
    expect(new Set(others)).toEqual(new Set([1, 2, 3, 4, 5]));
    expect(spread(partitioner, cluster, 1000)[0]).toBe(0);
  });

  it('spreads other keys over the rest by murmur2, each always to the same partition', () => {
    const partitioner = ReservedKeyPartitioner.with({ VIP: 2 });
    const rest = [0, 1, 3, 4, 5];

    for (const key of keys(100)) {
      expect(place(partitioner, cluster, key)).toBe(rest[toPositive(murmur2(Buffer.from(key))) % 5]);
    }
  });

  it('spreads records without a key evenly over the rest', () => {
    const counts = spread(ReservedKeyPartitioner.with({ VIP: 0, ATL: [1, 2] }), cluster, 3000);

    expect(counts.slice(0, 3)).toEqual([0, 0, 0]);
    for (const count of counts.slice(3)) expect(count).toBeGreaterThan(800);
  });

  it('takes the partitions of a key in turn, for each topic by itself', () => {
    const partitioner = ReservedKeyPartitioner.with({ ATL: [1, 4] });
    const placed = ['a', 'b', 'a', 'b'].map((topic) => place(partitioner, cluster, 'ATL', topic));

    expect(placed).toEqual([1, 1, 4, 4]);
  });

  it('passes over a partition of the key that has no leader, and over those of the rest for keyless records', () => {
    const failing = clusterOf(6, [1, 3]);
    const partitioner = ReservedKeyPartitioner.with({ ATL: [1, 4] });

    expect([1, 2, 3].map(() => place(partitioner, failing, 'ATL'))).toEqual([4, 4, 4]);
    const counts = spread(partitioner, failing, 300);
    expect(counts.map((count) => count > 0)).toEqual([true, false, true, false, false, true]);
  });

  it('compares bytes, and takes text beyond ASCII and binary keys', () => {
    const binary = Buffer.from('ff00fe', 'hex');
    const partitioner = ReservedKeyPartitioner.with(
      new Map<string | Uint8Array, number>([
        ['한국어', 0],
        [binary, 1],
        ['', 2],
      ]),
    );

    expect(place(partitioner, cluster, '한국어')).toBe(0);
    expect(place(partitioner, cluster, Buffer.from(binary))).toBe(1);
    expect(place(partitioner, cluster, '')).toBe(2);
    expect(place(partitioner, cluster, null)).toBeGreaterThan(2);
  });

  it('is data when a key is named __proto__', () => {
    const partitioner = ReservedKeyPartitioner.with(JSON.parse('{"__proto__": 3}') as Record<string, number>);

    expect(place(partitioner, cluster, '__proto__')).toBe(3);
    expect(new Set(keys(500).map((key) => place(partitioner, cluster, key))).has(3)).toBe(false);
  });

  it('leaves other topics to all partitions when topics are named', () => {
    const partitioner = ReservedKeyPartitioner.with({ VIP: 5 }, { topics: ['orders'] });

    expect(place(partitioner, cluster, 'VIP', 'orders')).toBe(5);
    expect(place(partitioner, clusterOf(2), 'VIP', 'audit')).toBe(0);
    expect(new Set(keys(500).map((key) => place(partitioner, cluster, key, 'audit'))).size).toBe(6);
  });

  it('says which reserved partition the topic does not have', () => {
    const partitioner = ReservedKeyPartitioner.with({ VIP: 0, ATL: 7 });

    expect(() => place(partitioner, cluster, 'other')).toThrow(InvalidPartitionError);
    expect(() => place(partitioner, cluster, 'other')).toThrow(/partition 7 is reserved, but topic 't' has only 6/);
  });

  it('takes notice of partitions added later', () => {
    const partitioner = ReservedKeyPartitioner.with({ ATL: 7 });
    expect(() => place(partitioner, clusterOf(6), 'ATL')).toThrow(InvalidPartitionError);

    expect(place(partitioner, clusterOf(8), 'ATL')).toBe(7);
  });

  it('fails other records, not the reserved key, when every partition is reserved', () => {
    const partitioner = ReservedKeyPartitioner.with({ a: 0, b: 1 });

    expect(place(partitioner, clusterOf(2), 'a')).toBe(0);
    expect(() => place(partitioner, clusterOf(2), 'c')).toThrow(/all 2 partition\(s\) of topic 't' are reserved/);
    expect(() => place(partitioner, clusterOf(2))).toThrow(InvalidPartitionError);
  });

  it.each([
    [{}],
    [{ VIP: [] }],
    [{ VIP: -1 }],
    [{ VIP: 1.5 }],
    [{ VIP: '0' as unknown as number }],
    [undefined as never],
  ])('refuses %j at once', (reservedKeys) => {
    expect(() => ReservedKeyPartitioner.with(reservedKeys)).toThrow(ConfigError);
  });
});
