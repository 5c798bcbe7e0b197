import { ConfigError, InvalidPartitionError } from '../errors.js';
import { murmur2, toPositive } from './murmur2.js';
import type { ClusterView, PartitionContext, Partitioner } from './partitioner.js';
import { StickyChoice } from './sticky-choice.js';

type Partitions = number | readonly number[];

/** Which key owns which partition, or partitions. Text keys are compared as UTF-8, after serialization; a `Map` also takes bytes. */
export type ReservedKeys = Readonly<Record<string, Partitions>> | ReadonlyMap<string | Uint8Array, Partitions>;

/** To which topics the reservations apply. */
export interface ReservedKeyOptions {
  /** Default: every topic of the producer. Records of other topics are placed as by `DefaultPartitioner`. */
  readonly topics?: readonly string[] | undefined;
}

interface Reservation {
  readonly partitions: readonly number[];
  /** Per topic: were it shared, topics sent to in turns would each meet the same partition for ever. */
  readonly turns: Map<string, number>;
}

/** The partitions of one topic that nobody has reserved, and for which partition count they were worked out. */
interface Rest {
  readonly count: number;
  readonly partitions: readonly number[];
}

/**
 * Given keys own given partitions and nobody else's records go there; all other keys are spread over the rest by murmur2,
 * and records without a key stay on one partition of the rest until it has opened a new batch. A key with several partitions
 * takes them in turn, so its records are in order within each, not across them. Several keys may share a partition.
 *
 * ```ts
 * partitioner: ReservedKeyPartitioner.with({ VIP: 0, wholesale: [1, 2] })
 *
 * @Injectable()
 * class VipPartitioner extends ReservedKeyPartitioner {
 *   constructor(customers: CustomersService) {
 *     super({ [customers.vip]: 0 });
 *   }
 * }
 * ```
 * A topic without one of the reserved partitions fails its records with `InvalidPartitionError`, as does one without any partition
 * left for the others. Note that the partition of an unreserved key differs from the one `DefaultPartitioner` gives.
 */
// Not @Injectable(): a class that extends this one would inherit what Nest knows of the constructor's parameters.
export class ReservedKeyPartitioner implements Partitioner {
  /** By the key's bytes as latin1, the cheapest text that keeps all bytes apart. */
  private readonly reservations = new Map<string, Reservation>();
  /** Most keys are told apart by their length, without making a text of them. */
  private readonly lengths = new Set<number>();
  private readonly reserved: ReadonlySet<number>;
  private readonly topics: ReadonlySet<string> | null;
  private readonly rests = new Map<string, Rest>();
  private readonly sticky = new StickyChoice((topic, cluster) => {
    const rest = this.restOf(topic, cluster);
    const available = new Set(cluster.availablePartitions(topic).map((info) => info.partition));
    const restAvailable = rest.filter((partition) => available.has(partition));
    return restAvailable.length > 0 ? restAvailable : rest;
  });

  /** @throws ConfigError for no keys, no partitions, or something that is no partition number */
  public constructor(reservedKeys: ReservedKeys, options: ReservedKeyOptions = {}) {
    for (const [key, partitions] of entriesOf(reservedKeys)) this.reserve(key, partitions);
    this.reserved = new Set([...this.reservations.values()].flatMap((reservation) => reservation.partitions));
    this.topics = options.topics === undefined ? null : new Set(options.topics);
  }

  /** The partitioner for these keys; see the class. */
  public static with(reservedKeys: ReservedKeys, options: ReservedKeyOptions = {}): ReservedKeyPartitioner {
    return new ReservedKeyPartitioner(reservedKeys, options);
  }

  public partition({ topic, keyBytes, cluster }: PartitionContext): number {
    const rest = this.restOf(topic, cluster);
    const reservation = keyBytes === null ? undefined : this.reservationOf(topic, keyBytes);
    if (reservation !== undefined) return nextOf(reservation, topic, cluster);
    if (rest.length === 0) throw allReserved(topic, cluster.partitionCount(topic));
    if (keyBytes === null) return this.sticky.choose(topic, cluster);
    return rest[toPositive(murmur2(keyBytes)) % rest.length] ?? -1;
  }

  public onNewBatch(topic: string, cluster: ClusterView, previousPartition: number): void {
    this.sticky.onNewBatch(topic, cluster, previousPartition);
  }

  private reserve(key: string | Uint8Array, partitions: Partitions): void {
    const list = [...new Set(Array.isArray(partitions) ? (partitions as readonly number[]) : [partitions as number])];
    if (list.length === 0 || !list.every((partition) => Number.isInteger(partition) && partition >= 0)) {
      throw new ConfigError(
        'ReservedKeyPartitioner: each key needs a partition number from 0, or a list of them, e.g. { VIP: 0, wholesale: [1, 2] }.',
        'partitioner',
        undefined,
        'RANGE',
      );
    }
    const bytes = typeof key === 'string' ? Buffer.from(key, 'utf8') : Buffer.from(key);
    this.lengths.add(bytes.length);
    this.reservations.set(bytes.toString('latin1'), { partitions: list, turns: new Map() });
  }

  private reservationOf(topic: string, keyBytes: Buffer): Reservation | undefined {
    if (!this.lengths.has(keyBytes.length) || !this.appliesTo(topic)) return undefined;
    return this.reservations.get(keyBytes.toString('latin1'));
  }

  private appliesTo(topic: string): boolean {
    return this.topics === null || this.topics.has(topic);
  }

  private restOf(topic: string, cluster: ClusterView): readonly number[] {
    const count = cluster.partitionCount(topic);
    const known = this.rests.get(topic);
    if (known?.count === count) return known.partitions;
    const applies = this.appliesTo(topic);
    if (applies) this.requirePartitions(topic, count);
    const all = Array.from({ length: count }, (_, partition) => partition);
    const partitions = applies ? all.filter((partition) => !this.reserved.has(partition)) : all;
    this.rests.set(topic, { count, partitions });
    return partitions;
  }

  private requirePartitions(topic: string, count: number): void {
    const missing = [...this.reserved].filter((partition) => partition >= count);
    if (missing.length === 0) return;
    throw new InvalidPartitionError(
      `ReservedKeyPartitioner: partition ${missing.join(', ')} is reserved, but topic '${topic}' has only ${count} partition(s). ` +
        `Add partitions to the topic, reserve lower ones, or name the topics it is meant for: with({ ... }, { topics: [...] }).`,
      { topic, partition: missing[0] },
    );
  }
}

function entriesOf(reservedKeys: ReservedKeys | undefined): [string | Uint8Array, Partitions][] {
  const entries: [string | Uint8Array, Partitions][] =
    reservedKeys instanceof Map ? [...reservedKeys] : Object.entries(reservedKeys ?? {});
  if (entries.length > 0) return entries;
  throw new ConfigError(
    'ReservedKeyPartitioner was given no keys. Use ReservedKeyPartitioner.with({ VIP: 0 }), or a class that extends it and calls super({ VIP: 0 }).',
    'partitioner',
    undefined,
    'RANGE',
  );
}

/** The key's partitions in turn, passing over those without a leader while another has one. */
function nextOf({ partitions, turns }: Reservation, topic: string, cluster: ClusterView): number {
  const only = partitions[0];
  if (partitions.length === 1 && only !== undefined) return only;
  const withLeader = cluster.availablePartitions(topic).filter((info) => partitions.includes(info.partition));
  const from = withLeader.length > 0 ? withLeader.map((info) => info.partition) : partitions;
  const turn = turns.get(topic) ?? 0;
  turns.set(topic, toPositive(turn + 1));
  return from[turn % from.length] ?? -1;
}

function allReserved(topic: string, count: number): InvalidPartitionError {
  return new InvalidPartitionError(
    `ReservedKeyPartitioner: all ${count} partition(s) of topic '${topic}' are reserved, so a record with another key, or none, ` +
      `has nowhere to go. Add partitions to the topic, or reserve fewer.`,
    { topic },
  );
}
