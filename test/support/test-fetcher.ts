import { ConsumerMetadata } from '../../lib/consumer/internals/metadata/consumer-metadata.js';
import { ConsumerMetadataUpdater } from '../../lib/consumer/internals/metadata/consumer-metadata-updater.js';
import { Fetcher } from '../../lib/consumer/internals/fetching/fetcher.js';
import { GroupOffsets } from '../../lib/consumer/internals/offsets/group-offsets.js';
import { LeaderOffsets } from '../../lib/consumer/internals/offsets/leader-offsets.js';
import type { ConsumedRecord } from '../../lib/consumer/consumed-record.js';
import type { ConsumerConfig } from '../../lib/consumer/consumer-config.js';
import type { AssignedPartition, GroupMembershipIdentity } from '../../lib/consumer/consumer-engine-api.js';
import { consumerConfigOf } from '../../lib/consumer/spec-support/consumer-config-of.js';
import type { BrokerConnection } from '../../lib/wire/broker-connection.js';
import { ClusterLink } from '../../lib/wire/cluster-link.js';
import { CoordinatorClient, GROUP_COORDINATOR } from '../../lib/wire/coordinator-client.js';
import type { KafkaClientOptions } from '../../lib/wire/kafka-client-options.js';
import { produceApi } from '../../lib/wire/protocol/produce.js';
import { uniqueGroup } from './broker.js';
import { RecordingLog } from './recording-log.js';

/** What was handed out in one call. */
export interface HandedOut {
  readonly partition: AssignedPartition;
  readonly records: readonly ConsumedRecord[];
  readonly nextOffset: bigint;
}

export interface TestFetcherOptions {
  readonly client: KafkaClientOptions;
  readonly topics: readonly (string | RegExp)[];
  readonly config?: Partial<ConsumerConfig>;
  /** Called with each slice, after it was noted. */
  readonly onRecords?: (slice: HandedOut) => void;
  /** Default: a member of no generation, whose offsets a group takes as long as it has no members. */
  readonly membership?: GroupMembershipIdentity;
}

const CONFIG = consumerConfigOf({
  clientId: 'test-fetcher',
  groupId: '',
  autoOffsetReset: 'earliest',
  allowAutoCreateTopics: false,
  requestTimeoutMs: 10_000,
  defaultApiTimeoutMs: 10_000,
  retryBackoffMaxMs: 500,
  reconnectBackoffMaxMs: 500,
});

/** The reading half of a group member: everything but the group. It notes what it is told. `await using` closes it. */
export class TestFetcher implements AsyncDisposable {
  public readonly config: ConsumerConfig;
  public readonly log = new RecordingLog();
  public readonly metadata = new ConsumerMetadata();
  public readonly updater: ConsumerMetadataUpdater;
  public readonly groupOffsets: GroupOffsets;
  public readonly leaderOffsets: LeaderOffsets;
  public readonly fetcher: Fetcher;
  public readonly slices: HandedOut[] = [];
  public readonly troubles: (Error | null)[] = [];
  public readonly fatal: Error[] = [];
  /** How often the topics or their partitions have changed. */
  public topicChanges = 0;
  private readonly links: ClusterLink[] = [];
  private readonly coordinator: CoordinatorClient;
  private readonly identity: GroupMembershipIdentity;

  public constructor(private readonly options: TestFetcherOptions) {
    const groupId = options.config?.groupId ?? uniqueGroup();
    const config = { ...CONFIG, ...options.config, groupId };
    this.config = config;
    this.identity = options.membership ?? { groupId, generationId: -1, memberId: '', groupInstanceId: null };
    const { log, metadata } = this;
    metadata.subscribe(options.topics);
    const link = this.openLink();
    const coordinatorLink = this.openLink();
    const knownBrokers = (): typeof metadata.brokers => metadata.brokers;
    this.coordinator = new CoordinatorClient({
      link: coordinatorLink,
      config,
      keyType: GROUP_COORDINATOR,
      key: groupId,
      knownBrokers,
    });
    this.updater = new ConsumerMetadataUpdater({
      link,
      metadata,
      config,
      log,
      onBrokers: (brokers) => this.fetcher.updateBrokers(brokers),
      onUpdate: ({ topics }) => {
        if (topics) this.topicChanges++;
        this.fetcher.metadataChanged();
      },
      onTrouble: () => undefined,
      onRefused: (error) => this.fatal.push(error),
    });
    this.groupOffsets = new GroupOffsets({ coordinator: this.coordinator, config });
    this.leaderOffsets = new LeaderOffsets({ link, metadata, updater: this.updater, config });
    this.fetcher = new Fetcher({
      config,
      metadata,
      updater: this.updater,
      groupOffsets: this.groupOffsets,
      leaderOffsets: this.leaderOffsets,
      log,
      openLink: (onChange) => this.openLink(onChange),
      onRecords: (partition, records, nextOffset) => {
        const slice = { partition, records, nextOffset };
        this.slices.push(slice);
        options.onRecords?.(slice);
      },
      onTrouble: (error) => this.troubles.push(error),
      onFatal: (error) => this.fatal.push(error),
    });
  }

  /** Makes one, and reads all partitions of its topics. */
  public static async start(options: TestFetcherOptions): Promise<TestFetcher> {
    const test = new TestFetcher(options);
    await test.updater.refreshOnce();
    test.assignAll();
    return test;
  }

  /** Everything that was handed out, in order. */
  public get records(): readonly ConsumedRecord[] {
    return this.slices.flatMap(({ records }) => records);
  }

  public valuesOf(partition: number): string[] {
    return this.records.filter((record) => record.partition === partition).map(({ value }) => String(value));
  }

  public assignAll(): AssignedPartition[] {
    return this.metadata.subscription.flatMap((topic) =>
      this.assign(
        topic,
        Array.from({ length: this.metadata.partitionCount(topic) }, (_, partition) => partition),
      ),
    );
  }

  public assign(topic: string, partitions: readonly number[]): AssignedPartition[] {
    return this.fetcher.assign(partitions.map((partition) => ({ topic, partition, membership: this.identity })));
  }

  public partition(index: number, topic?: string): AssignedPartition {
    const found = this.fetcher.assigned.find(
      (candidate) => candidate.partition === index && (topic === undefined || candidate.topic === topic),
    );
    if (found === undefined) throw new Error(`Partition ${index} is not assigned`);
    return found;
  }

  public async connectLeader(topic: string, partition: number): Promise<BrokerConnection> {
    const [link] = this.links;
    const leader = this.metadata.leader(topic, partition);
    if (link === undefined || leader === null) throw new Error(`${topic}-${partition} has no leader`);
    return link.connect(leader.leaderId);
  }

  public deadline(): number {
    return Date.now() + this.config.defaultApiTimeoutMs;
  }

  public async commit(topic: string, partition: number, offset: bigint): Promise<void> {
    await this.groupOffsets.commit([{ topic, partition, offset, leaderEpoch: -1 }], this.identity, this.deadline());
  }

  public async committed(topic: string, partition: number): Promise<bigint> {
    const [offset] = await this.groupOffsets.lookUp([{ topic, partition }], this.deadline());
    if (offset === 'unstable') throw new Error(`a transaction is about to replace the offset of ${topic}-${partition}`);
    return offset ?? -1n;
  }

  public async [Symbol.asyncDispose](): Promise<void> {
    this.updater.close();
    await this.fetcher.close();
    this.coordinator.close(new Error('The test is over.'));
    await Promise.all(this.links.map((link) => link.close(new Error('The test is over.'))));
  }

  private openLink(onChange: () => void = () => undefined): ClusterLink {
    const { config } = this;
    const link = new ClusterLink({
      client: this.options.client,
      clientId: config.clientId,
      log: this.log,
      connectionSetupTimeoutMs: config.socketConnectionSetupTimeoutMs,
      connectionsMaxIdleMs: config.connectionsMaxIdleMs,
      reconnectBackoffMs: config.reconnectBackoffMs,
      reconnectBackoffMaxMs: config.reconnectBackoffMaxMs,
      onChange,
    });
    this.links.push(link);
    return link;
  }
}

/** Whether everything there is was read: up to `end`, or as far as the last fetch has told. */
export function atEnd({ fetcher }: TestFetcher, end?: bigint): boolean {
  return fetcher.assigned.every(
    ({ position, endOffset }) => endOffset >= 0n && position === endOffset && (end === undefined || position === end),
  );
}

/** Stores a batch as it is in partition 0 of a topic. */
export async function produceBytes(test: TestFetcher, topic: string, records: Buffer): Promise<void> {
  const connection = await test.connectLeader(topic, 0);
  const topics = [{ name: topic, partitions: [{ index: 0, records }] }];
  const response = await connection.send(
    produceApi,
    { transactionalId: null, acks: -1, timeoutMs: 10_000, topics },
    10_000,
  );
  const errorCode = response.topics[0]?.partitions[0]?.errorCode;
  if (errorCode !== 0) throw new Error(`Produce was answered with error ${String(errorCode)}`);
}
