import type { ConsumerConfig } from '../../consumer/consumer-config.js';
import type { AssignedPartition, SeekTarget, TopicPartition } from '../../consumer/consumer-engine-api.js';
import { Fetcher } from '../../consumer/internals/fetching/fetcher.js';
import { ConsumerMetadata } from '../../consumer/internals/metadata/consumer-metadata.js';
import { ConsumerMetadataUpdater } from '../../consumer/internals/metadata/consumer-metadata-updater.js';
import { firstMetadata } from '../../consumer/internals/metadata/first-metadata.js';
import { GroupOffsets } from '../../consumer/internals/offsets/group-offsets.js';
import { LeaderOffsets } from '../../consumer/internals/offsets/leader-offsets.js';
import { TroubleBoard } from '../../consumer/internals/trouble-board.js';
import type { ClusterLink } from '../../wire/cluster-link.js';
import { CoordinatorClient, GROUP_COORDINATOR } from '../../wire/coordinator-client.js';
import type { KafkaClientOptions } from '../../wire/kafka-client-options.js';
import { KafkaError } from '../../wire/kafka-error.js';
import type { LogSink } from '../../wire/log-sink.js';
import { openLink } from '../../wire/open-link.js';
import type { RecordSlice } from './record-slice.js';
import { SliceQueue } from './slice-queue.js';

export interface StandaloneConsumerDependencies {
  readonly client: KafkaClientOptions;
  readonly config: ConsumerConfig;
  readonly log: LogSink;
}

/** For the first answer of a broker. */
const START_TIMEOUT_MS = 10_000;

/** Reads partitions that it is told (Kafka's `KafkaConsumer.assign`): it joins no group and commits nothing. */
export class StandaloneConsumer {
  private readonly metadata = new ConsumerMetadata();
  private readonly queue = new SliceQueue();
  private readonly link: ClusterLink;
  private readonly updater: ConsumerMetadataUpdater;
  private readonly coordinator: CoordinatorClient;
  private readonly fetcher: Fetcher;
  private topicsChanged: () => void = () => undefined;
  private closed = false;

  private constructor(private readonly dependencies: StandaloneConsumerDependencies) {
    const { config, log } = dependencies;
    const { metadata, queue } = this;
    const trouble = new TroubleBoard((error) => {
      if (error !== null) log.warn(`${error.message} Reading goes on when it can.`);
    });
    this.link = openLink(dependencies, () => undefined);
    this.updater = new ConsumerMetadataUpdater({
      link: this.link,
      metadata,
      config,
      log,
      onBrokers: (brokers) => this.fetcher.updateBrokers(brokers),
      onUpdate: ({ leaders, topics }) => {
        if (leaders) this.fetcher.metadataChanged();
        if (topics) this.topicsChanged();
      },
      onTrouble: (error) => trouble.report('metadata', error),
      onRefused: (error) => queue.fail(error),
    });
    const { link, updater } = this;
    const key = config.groupId;
    const knownBrokers = (): ConsumerMetadata['brokers'] => metadata.brokers;
    // The fetcher wants one, and asks it nothing: every position is given.
    this.coordinator = new CoordinatorClient({ link, config, keyType: GROUP_COORDINATOR, key, knownBrokers });
    this.fetcher = new Fetcher({
      config,
      metadata,
      updater,
      groupOffsets: new GroupOffsets({ coordinator: this.coordinator, config }),
      leaderOffsets: new LeaderOffsets({ link, metadata, updater, config }),
      log,
      openLink: (onChange) => openLink(dependencies, onChange),
      onRecords: (partition, records, nextOffset) => queue.push({ partition, records, nextOffset }),
      onTrouble: (error) => trouble.report('fetch', error),
      onFatal: (error) => queue.fail(error),
    });
  }

  /**
   * Connects, and looks for topics: those of these names, and those that a RegExp matches.
   * @throws BrokerUnavailableError; KafkaAuthenticationError; BrokerResponseError without rights
   */
  public static async open(
    topics: readonly (string | RegExp)[],
    dependencies: StandaloneConsumerDependencies,
  ): Promise<StandaloneConsumer> {
    const consumer = new StandaloneConsumer(dependencies);
    try {
      await consumer.start(topics);
      return consumer;
    } catch (error) {
      await consumer.close();
      throw error;
    }
  }

  /** What is known of the topics, in order. */
  public get partitions(): TopicPartition[] {
    const { metadata } = this;
    return metadata.subscription.flatMap((topic) =>
      Array.from({ length: metadata.partitionCount(topic) }, (_, partition) => ({ topic, partition })),
    );
  }

  /** Called when there are other topics, or more partitions. */
  public onTopicsChanged(listener: () => void): void {
    this.topicsChanged = listener;
  }

  /** Begins to read a partition. */
  public read({ topic, partition }: TopicPartition, from: SeekTarget): void {
    const membership = { groupId: '', generationId: -1, memberId: '', groupInstanceId: null };
    // In the same turn, so that it never looks for a committed offset.
    for (const assigned of this.fetcher.assign([{ topic, partition, membership }])) assigned.seek(from);
  }

  /** Reads no more of it. */
  public leave(partition: AssignedPartition): void {
    this.fetcher.unassign([partition]);
  }

  /**
   * Waits for records; what came before is done with.
   * @param limitMs null: as long as it takes
   * @returns null when the time is over, or `stop` was aborted
   * @throws what makes going on pointless: no rights, a refused login
   */
  public next(limitMs: number | null, stop: AbortSignal): Promise<RecordSlice | null> {
    return this.queue.next(limitMs, stop);
  }

  /** Idempotent. */
  public async close(): Promise<void> {
    this.closed = true;
    const closed = new KafkaError('The consumer is closed.');
    this.updater.close();
    await this.fetcher.close();
    this.coordinator.close(closed);
    await this.link.close(closed);
  }

  private async start(topics: readonly (string | RegExp)[]): Promise<void> {
    const { metadata, updater } = this;
    const { config } = this.dependencies;
    metadata.subscribe(topics);
    const isClosed = (): boolean => this.closed;
    await firstMetadata({ updater, config, limitMs: START_TIMEOUT_MS, who: 'The consumer', isClosed });
    if (metadata.refusal !== null) throw metadata.refusal;
  }
}
