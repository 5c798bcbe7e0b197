import type { BrokerResponseError } from '../../../wire/broker-response-error.js';
import { CommitFailedError } from '../../../wire/commit-failed-error.js';
import { ErrorCode } from '../../../wire/error-codes.js';
import { KafkaError } from '../../../wire/kafka-error.js';
import type { LogSink } from '../../../wire/log-sink.js';
import { EARLIEST_TIMESTAMP, LATEST_TIMESTAMP } from '../../../wire/protocol/list-offsets.js';
import type { ConsumerConfig } from '../../consumer-config.js';
import type { ConsumerMetadata } from '../metadata/consumer-metadata.js';
import type { ConsumerMetadataUpdater } from '../metadata/consumer-metadata-updater.js';
import type { GroupOffsets } from '../offsets/group-offsets.js';
import type { LeaderOffsets } from '../offsets/leader-offsets.js';
import { NoOffsetForPartitionError, OffsetOutOfRangeError } from '../offsets/offset-errors.js';
import type { FetchPartition, PositionSource } from './fetch-partition.js';
import type { PartitionTroubles } from './partition-troubles.js';

export interface PositionResolverDependencies {
  readonly config: Pick<ConsumerConfig, 'autoOffsetReset' | 'requestTimeoutMs'>;
  readonly metadata: ConsumerMetadata;
  readonly updater: Pick<ConsumerMetadataUpdater, 'request'>;
  readonly groupOffsets: GroupOffsets;
  readonly leaderOffsets: LeaderOffsets;
  readonly troubles: PartitionTroubles;
  readonly log: LogSink;
  /** Something has come to an end: there may be more to do. */
  readonly onChange: () => void;
}

/** A partition whose position is looked up, and the epoch in which this began: a seek or a revocation meanwhile makes the answer void. */
interface Lookup {
  readonly partition: FetchPartition;
  readonly epoch: number;
}

/** Finds out where partitions are read from: the committed offset, else by `autoOffsetReset`. */
export class PositionResolver {
  public constructor(private readonly dependencies: PositionResolverDependencies) {}

  /** Starts to look up the positions of these; each becomes known, or is to be tried again after its back-off. */
  public resolve(partitions: readonly FetchPartition[]): void {
    const committed: Lookup[] = [];
    const byLeader = new Map<
      string,
      { readonly leaderId: number; readonly source: PositionSource; lookups: Lookup[] }
    >();
    for (const partition of partitions) {
      const { wanted } = partition;
      if (wanted === null) continue;
      const lookup = { partition, epoch: partition.epoch };
      if (wanted === 'committed') {
        committed.push(lookup);
        continue;
      }
      const leader = this.dependencies.metadata.leader(partition.topic, partition.partition);
      if (leader === null) {
        this.withoutLeader(partition);
        continue;
      }
      const key = `${leader.leaderId}/${wanted}`;
      const group = byLeader.get(key);
      if (group === undefined) byLeader.set(key, { leaderId: leader.leaderId, source: wanted, lookups: [lookup] });
      else group.lookups.push(lookup);
    }
    if (committed.length > 0) this.run(committed, this.findCommitted(committed));
    for (const { leaderId, source, lookups } of byLeader.values()) {
      this.run(
        lookups,
        source === 'in-range' ? this.checkRange(leaderId, lookups) : this.reset(leaderId, source, lookups),
      );
    }
  }

  /** Nobody leads the partition: metadata is asked for, and it is tried again. */
  public withoutLeader(partition: FetchPartition): void {
    const { troubles, updater } = this.dependencies;
    troubles.failed(partition, new KafkaError(`${partition.name} has no leader at the moment.`, partition));
    updater.request();
  }

  private run(lookups: readonly Lookup[], work: Promise<void>): void {
    for (const { partition } of lookups) partition.isBusy = true;
    const { onChange, troubles, updater } = this.dependencies;
    void work
      .catch((error: unknown) => {
        updater.request();
        for (const { partition } of current(lookups)) troubles.failedOrFatal(partition, error);
      })
      .finally(() => {
        for (const { partition } of current(lookups)) partition.isBusy = false;
        onChange();
      });
  }

  private async findCommitted(lookups: readonly Lookup[]): Promise<void> {
    const { groupOffsets, troubles } = this.dependencies;
    const partitions = lookups.map(({ partition }) => partition);
    const offsets = await groupOffsets.lookUp(partitions, this.deadline());
    lookups.forEach(({ partition, epoch }, index) => {
      const offset = offsets[index];
      if (offset === undefined || !partition.isCurrent(epoch)) return;
      if (offset === 'unstable') troubles.failed(partition, unstable(partition));
      else if (offset >= 0n) this.found(partition, offset);
      else this.withoutOffset(partition);
    });
  }

  private withoutOffset(partition: FetchPartition): void {
    if (this.dependencies.config.autoOffsetReset === 'none') {
      this.dependencies.troubles.fatal(noOffset(partition));
      return;
    }
    partition.wanted = this.resetTo(partition);
  }

  /** What was added to a topic since it was first asked for has nothing that is older than this consumer's wish to read it. */
  private resetTo({ topic, partition }: FetchPartition): PositionSource {
    const { config, metadata } = this.dependencies;
    return config.autoOffsetReset === 'earliest' || metadata.isLate(topic, partition) ? 'earliest' : 'pinned-latest';
  }

  private async reset(leaderId: number, source: PositionSource, lookups: readonly Lookup[]): Promise<void> {
    const timestamp = source === 'earliest' ? EARLIEST_TIMESTAMP : LATEST_TIMESTAMP;
    const answers = await this.ask(leaderId, lookups, timestamp);
    if (source === 'pinned-latest') await this.pin(answers);
    for (const { partition, epoch, offset } of answers) if (partition.isCurrent(epoch)) this.found(partition, offset);
  }

  /**
   * The end of the log is committed before anything is read from there: otherwise a crash before the first commit would skip what has come meanwhile, for the
   * next member would begin at a later end.
   */
  private async pin(answers: readonly (Lookup & { readonly offset: bigint })[]): Promise<void> {
    const pinned = current(answers);
    const [first] = pinned;
    if (first === undefined) return;
    const offsets = pinned.map(({ partition: { topic, partition }, offset }) => ({
      topic,
      partition,
      offset,
      leaderEpoch: -1,
    }));
    try {
      await this.dependencies.groupOffsets.commit(offsets, first.partition.membership, this.deadline());
    } catch (error) {
      // They are about to be revoked. Should they not be, it is tried again.
      if (!(error instanceof CommitFailedError)) throw error;
      throw new KafkaError(error.message, { cause: error, retriable: true });
    }
  }

  /** A leader that has just been elected may not know yet how far the log reaches: that is no reason to jump. */
  private async checkRange(leaderId: number, lookups: readonly Lookup[]): Promise<void> {
    const starts = await this.ask(leaderId, lookups, EARLIEST_TIMESTAMP);
    const ends = await this.ask(leaderId, current(starts), LATEST_TIMESTAMP);
    const startOf = new Map(starts.map(({ partition, offset }) => [partition, offset]));
    for (const { partition, epoch, offset: end } of ends) {
      const start = startOf.get(partition) ?? 0n;
      if (!partition.isCurrent(epoch)) continue;
      if (partition.position >= start && partition.position <= end) {
        partition.wanted = null;
        this.dependencies.troubles.failed(partition, refusedInRange(partition));
      } else this.outOfRange(partition, start, end);
    }
  }

  private outOfRange(partition: FetchPartition, start: bigint, end: bigint): void {
    const { config, log, troubles } = this.dependencies;
    const what = `${partition.name}: the offset to go on from, ${partition.position}, is not in the log, which reaches from ${start} to ${end}.`;
    if (config.autoOffsetReset === 'none') {
      troubles.fatal(
        new OffsetOutOfRangeError(`${what} Seek to one that is, or set autoOffsetReset to 'earliest' or 'latest'.`, {
          topic: partition.topic,
          partition: partition.partition,
        }),
      );
      return;
    }
    partition.wanted = this.resetTo(partition);
    const where = partition.wanted === 'earliest' ? start : end;
    log.warn(`${what} Reading goes on at ${where} (autoOffsetReset '${config.autoOffsetReset}').`);
  }

  /** Asks a leader about partitions; those about which it has no answer are tried again later. */
  private async ask(
    leaderId: number,
    lookups: readonly Lookup[],
    timestamp: bigint,
  ): Promise<(Lookup & { readonly offset: bigint })[]> {
    if (lookups.length === 0) return [];
    const queries = lookups.map(({ partition: { topic, partition } }) => ({ topic, partition, timestamp }));
    // A position is compared with the whole log, not only with what is committed.
    const isolation = lookups[0]?.partition.wanted === 'in-range' ? 'read_uncommitted' : undefined;
    const answers = await this.dependencies.leaderOffsets.ask(leaderId, queries, isolation);
    const found: (Lookup & { readonly offset: bigint })[] = [];
    lookups.forEach((lookup, index) => {
      const answer = answers[index];
      if (answer === undefined || !lookup.partition.isCurrent(lookup.epoch)) return;
      if (typeof answer === 'bigint') found.push({ ...lookup, offset: answer });
      else this.refused(lookup.partition, answer);
    });
    return found;
  }

  private refused(partition: FetchPartition, error: BrokerResponseError): void {
    const { troubles, updater } = this.dependencies;
    if (error.code === ErrorCode.TOPIC_AUTHORIZATION_FAILED) {
      troubles.fatal(error);
      return;
    }
    updater.request();
    troubles.failed(partition, error);
  }

  private found(partition: FetchPartition, offset: bigint): void {
    partition.resolve(offset);
    this.dependencies.troubles.succeeded(partition);
  }

  private deadline(): number {
    return Date.now() + this.dependencies.config.requestTimeoutMs;
  }
}

function current<Item extends Lookup>(lookups: readonly Item[]): Item[] {
  return lookups.filter(({ partition, epoch }) => partition.isCurrent(epoch));
}

function unstable(partition: FetchPartition): KafkaError {
  return new KafkaError(`${partition.name} waits for the end of a transaction that holds its committed offset.`);
}

function noOffset({ name, topic, partition, membership }: FetchPartition): NoOffsetForPartitionError {
  return new NoOffsetForPartitionError(
    `The group ${membership.groupId} has committed no offset of ${name}, and autoOffsetReset is 'none'. ` +
      "Commit one for the group first, or set autoOffsetReset to 'earliest' or 'latest'.",
    { topic, partition },
  );
}

function refusedInRange({ name, position }: FetchPartition): KafkaError {
  return new KafkaError(`The leader of ${name} does not know offset ${position} yet, although it is in the log.`);
}
