import type { ConsumedRecord } from '../../consumed-record.js';
import type { ConsumerMetrics } from '../../consumer-metrics.js';
import type {
  AssignedPartition,
  ConsumerEngineApi,
  ConsumerEngineEvents,
  ConsumerEngineStatus,
  OffsetToCommit,
  SeekTarget,
  TopicPartition,
} from '../../consumer-engine-api.js';

/** A partition as the fake engine assigns it; what is asked of it is noted. */
export class FakePartition implements AssignedPartition {
  public isAssigned = true;
  public position = 0n;
  public endOffset = -1n;
  public readonly pauses = new Set<string>();
  public readonly seeks: SeekTarget[] = [];

  public constructor(
    public readonly topic: string,
    public readonly partition: number,
    public readonly membership = { groupId: 'group', generationId: 1, memberId: 'm', groupInstanceId: null },
  ) {}

  public pause(reason: string): void {
    this.pauses.add(reason);
  }

  public resume(reason: string): void {
    this.pauses.delete(reason);
  }

  public seek(target: SeekTarget): void {
    this.seeks.push(target);
    if (typeof target === 'bigint') this.position = target;
  }
}

export function record(topic: string, partition: number, offset: number, key: string | null = null): ConsumedRecord {
  const value = Buffer.from(`value ${offset}`);
  return {
    topic,
    partition,
    offset: BigInt(offset),
    timestamp: 1_700_000_000_000,
    timestampType: 'CreateTime',
    leaderEpoch: 0,
    key: key === null ? null : Buffer.from(key),
    value,
    headers: [],
    sizeInBytes: value.length,
  };
}

/** A group member without a broker: the test assigns, revokes and hands out records. */
export class FakeConsumerEngine implements ConsumerEngineApi {
  public readonly topics: (readonly (string | RegExp)[])[] = [];
  /** Every commit, as `topic-partition=offset`. */
  public readonly commits: string[] = [];
  /** Why it was asked to join again. */
  public readonly rejoins: string[] = [];
  public isClosed = false;
  /** Instead of success. */
  public commitFailure: Error | null = null;
  /** When commits are answered. */
  public commitAnswer: Promise<void> = Promise.resolve();
  public startFailure: Error | null = null;
  public isUnreachable = false;
  private onClosed: () => void = () => undefined;
  private readonly closed = new Promise<void>((resolve) => {
    this.onClosed = resolve;
  });
  private readonly assigned = new Map<string, FakePartition>();

  public constructor(private readonly events: ConsumerEngineEvents) {}

  public start(): Promise<void> {
    if (this.isUnreachable) return this.closed;
    return this.startFailure === null ? Promise.resolve() : Promise.reject(this.startFailure);
  }

  public subscribe(topics: readonly (string | RegExp)[]): void {
    this.topics.push(topics);
  }

  public assign(...names: readonly TopicPartition[]): FakePartition[] {
    const partitions = names.map(({ partition, topic }) => new FakePartition(topic, partition));
    for (const partition of partitions) this.assigned.set(`${partition.topic}-${partition.partition}`, partition);
    this.events.onAssigned(partitions);
    return partitions;
  }

  public assignOne(name: TopicPartition): FakePartition {
    const [partition] = this.assign(name);
    if (partition === undefined) throw new Error('nothing was assigned');
    return partition;
  }

  public deliver(partition: AssignedPartition, records: readonly ConsumedRecord[], nextOffset?: number): void {
    const last = records.at(-1)?.offset ?? -1n;
    this.events.onRecords(partition, records, nextOffset === undefined ? last + 1n : BigInt(nextOffset));
  }

  public async revoke(withinMs = 1_000): Promise<void> {
    const partitions = [...this.assigned.values()];
    await this.events.onRevoked(partitions, Date.now() + withinMs);
    this.forget(partitions);
  }

  public lose(): void {
    const partitions = [...this.assigned.values()];
    this.forget(partitions);
    this.events.onLost(partitions);
  }

  public commit(offsets: readonly OffsetToCommit[]): Promise<void> {
    if (this.commitFailure !== null) return Promise.reject(this.commitFailure);
    for (const { offset, partition } of offsets) {
      this.commits.push(`${partition.topic}-${partition.partition}=${offset}`);
    }
    return this.commitAnswer;
  }

  public rejoin(reason: string): void {
    this.rejoins.push(reason);
  }

  public offsetForTime(): Promise<bigint> {
    return Promise.resolve(7n);
  }

  public status(): ConsumerEngineStatus {
    return {
      state: 'stable',
      unstableMs: 0,
      missingTopics: [],
      troubledMs: 0,
      generationId: 1,
      memberId: 'm',
      assigned: [...this.assigned.values()],
      connectedBrokers: 1,
      lastError: null,
      coordinatorSilentMs: 0,
    };
  }

  public metrics(): ConsumerMetrics {
    return { 'fetch-total': 3 };
  }

  public async close(timeoutMs: number): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.onClosed();
    if (this.assigned.size > 0) await this.revoke(timeoutMs);
  }

  private forget(partitions: readonly FakePartition[]): void {
    for (const partition of partitions) partition.isAssigned = false;
    this.assigned.clear();
  }
}
