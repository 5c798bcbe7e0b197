import type { ClusterLink } from '../../wire/cluster-link.js';
import { openLink } from '../../wire/open-link.js';
import { CommitFailedError } from '../../wire/commit-failed-error.js';
import { CoordinatorClient, GROUP_COORDINATOR } from '../../wire/coordinator-client.js';
import type { KafkaClientOptions } from '../../wire/kafka-client-options.js';
import { KafkaError } from '../../wire/kafka-error.js';
import type { LogSink } from '../../wire/log-sink.js';
import type { ConsumerConfig } from '../consumer-config.js';
import type { ConsumerMetrics } from '../consumer-metrics.js';
import type {
  ConsumerEngineApi,
  ConsumerEngineEvents,
  ConsumerEngineStatus,
  GroupMembershipIdentity,
  OffsetToCommit,
  TopicPartition,
} from '../consumer-engine-api.js';
import { createAssignors } from './assignors/create-assignors.js';
import { Fetcher } from './fetching/fetcher.js';
import { GroupMembership } from './group/group-membership.js';
import { HeldPartitions } from './held-partitions.js';
import { ConsumerMetadata, type MetadataChange } from './metadata/consumer-metadata.js';
import { ConsumerMetadataUpdater } from './metadata/consumer-metadata-updater.js';
import { firstMetadata } from './metadata/first-metadata.js';
import { GroupOffsets } from './offsets/group-offsets.js';
import { LeaderOffsets } from './offsets/leader-offsets.js';
import { MemberMetricsRecorder } from './member-metrics.js';
import { MissingTopics } from './missing-topics.js';
import { TroubleBoard } from './trouble-board.js';

export interface ConsumerEngineDependencies {
  readonly client: KafkaClientOptions;
  readonly config: ConsumerConfig;
  readonly log: LogSink;
  readonly events: ConsumerEngineEvents;
  /** How long `start` waits for a broker, in milliseconds; 0 does not wait. */
  readonly startTimeoutMs: number;
}

/** What the goodbye to the coordinator may take, behind the time for the last commits. */
const LEAVE_MS = 1_000;

/**
 * One member of one group: puts the membership, the fetcher and the offsets together (Kafka's `KafkaConsumer`). It has three links, because a JoinGroup and a Fetch
 * hold up what stands behind them on their connections: one for the membership, one of the fetcher's, and one for everything that is answered at once.
 */
export class ConsumerEngine implements ConsumerEngineApi {
  private readonly quickLink: ClusterLink;
  private readonly membershipLink: ClusterLink;
  private readonly metadata = new ConsumerMetadata();
  private readonly recorder = new MemberMetricsRecorder();
  private readonly updater: ConsumerMetadataUpdater;
  private readonly membership: GroupMembership;
  private readonly offsetsCoordinator: CoordinatorClient;
  private readonly offsets: GroupOffsets;
  private readonly leaderOffsets: LeaderOffsets;
  private readonly fetcher: Fetcher;
  private readonly trouble: TroubleBoard;
  private readonly missing: MissingTopics;
  private readonly partitions: HeldPartitions;
  private closing: Promise<void> | null = null;
  private failure: Error | null = null;

  public constructor(private readonly dependencies: ConsumerEngineDependencies) {
    const { config, events, log } = dependencies;
    this.trouble = new TroubleBoard((error) => events.onTrouble(error));
    this.missing = new MissingTopics(config.groupId, log);
    this.quickLink = openLink(dependencies, () => undefined);
    this.membershipLink = openLink(dependencies, () => undefined);
    this.updater = new ConsumerMetadataUpdater({
      link: this.quickLink,
      metadata: this.metadata,
      config,
      log,
      onBrokers: (brokers) => {
        this.membershipLink.updateBrokers(brokers);
        this.fetcher.updateBrokers(brokers);
      },
      onUpdate: (change) => this.metadataChanged(change),
      onTrouble: (error) => this.trouble.report('metadata', error),
      onRefused: (error) => this.fail(error),
    });
    this.offsetsCoordinator = this.coordinator(this.quickLink);
    this.offsets = new GroupOffsets({
      coordinator: this.offsetsCoordinator,
      config,
      isCoordinator: (nodeId) => nodeId === this.membership.coordinatorId,
    });
    const { metadata, updater } = this;
    this.leaderOffsets = new LeaderOffsets({ link: this.quickLink, metadata, updater, config });
    this.fetcher = new Fetcher({
      config,
      metadata,
      updater,
      groupOffsets: this.offsets,
      leaderOffsets: this.leaderOffsets,
      log,
      openLink: (onChange) => openLink(dependencies, onChange),
      onRecords: (partition, records, nextOffset) => events.onRecords(partition, records, nextOffset),
      onFetched: (figures) => this.recorder.fetched(figures),
      onTrouble: (error) => this.trouble.report('fetch', error),
      onFatal: (error) => this.fail(error),
    });
    this.partitions = new HeldPartitions({ fetcher: this.fetcher, events, log });
    this.membership = new GroupMembership({
      coordinator: this.coordinator(this.membershipLink, this.quickLink),
      config,
      assignors: createAssignors(config.partitionAssignmentStrategy),
      log,
      events: {
        subscription: () => metadata.subscription,
        partitionCounts: (topics) => updater.partitionCounts(topics, Date.now() + config.defaultApiTimeoutMs),
        onJoinPrepare: (deadline) => this.revoke(deadline),
        onAssigned: (partitions, identity) => this.assign(partitions, identity),
        onLost: () => this.lose(),
        onHeartbeat: (latencyMs) => this.recorder.heartbeatAnswered(latencyMs),
        onTrouble: (error) => this.trouble.report('group', error),
        onFatal: (error) => this.fail(error),
      },
    });
  }

  public async start(): Promise<void> {
    const { config, startTimeoutMs } = this.dependencies;
    if (startTimeoutMs > 0) {
      await firstMetadata({
        updater: this.updater,
        config,
        limitMs: startTimeoutMs,
        who: `The consumer of group '${config.groupId}'`,
        isClosed: () => this.closing !== null,
      });
    } else this.updater.requestNow();
    this.recorder.rebalanceStarted();
    if (this.closing === null && this.failure === null) this.membership.start();
    if (this.failure !== null) throw this.failure;
  }

  public subscribe(topics: readonly (string | RegExp)[]): void {
    this.metadata.subscribe(topics);
    this.updater.requestNow();
    this.membership.requestRejoin('its subscription has changed');
  }

  public async commit(offsets: readonly OffsetToCommit[], deadline: number): Promise<void> {
    for (const [membership, own] of byMembership(offsets)) {
      if (own.some(({ partition }) => !partition.isAssigned)) throw movedOn(membership);
      await this.offsets.commit(
        own.map(({ leaderEpoch, offset, partition }) => ({
          topic: partition.topic,
          partition: partition.partition,
          offset,
          leaderEpoch,
        })),
        membership,
        deadline,
      );
    }
  }

  public rejoin(reason: string): void {
    this.membership.requestRejoin(reason);
  }

  public offsetForTime(partition: TopicPartition, timestamp: number, deadline: number): Promise<bigint> {
    return this.leaderOffsets.forTime(partition, timestamp, deadline);
  }

  public status(): ConsumerEngineStatus {
    const { membership, trouble } = this;
    const { identity, lastAnswerAt } = membership;
    return {
      state: this.closing === null ? membership.state : 'closed',
      unstableMs: membership.unstableSince === null ? 0 : Math.max(0, Date.now() - membership.unstableSince),
      generationId: identity?.generationId ?? -1,
      memberId: identity?.memberId ?? '',
      assigned: this.partitions.all,
      missingTopics: this.missingTopics,
      troubledMs: trouble.troubledSince === null ? 0 : Math.max(0, Date.now() - trouble.troubledSince),
      connectedBrokers: this.quickLink.connectedBrokers,
      lastError: (this.failure ?? trouble.current ?? this.updater.lastFailure)?.message ?? null,
      coordinatorSilentMs: lastAnswerAt === null ? null : Math.max(0, Date.now() - lastAnswerAt),
    };
  }

  public metrics(): ConsumerMetrics {
    return this.recorder.read(Date.now());
  }

  public close(timeoutMs: number): Promise<void> {
    this.closing ??= this.shutDown(Date.now() + timeoutMs);
    return this.closing;
  }

  private coordinator(link: ClusterLink, lookUpLink = link): CoordinatorClient {
    const { config } = this.dependencies;
    return new CoordinatorClient({
      link,
      lookUpLink,
      config,
      keyType: GROUP_COORDINATOR,
      key: config.groupId,
      knownBrokers: () => this.metadata.brokers,
    });
  }

  private get missingTopics(): readonly string[] {
    return this.metadata.subscription.filter((topic) => this.metadata.partitionCount(topic) === 0);
  }

  private metadataChanged({ leaders, topics }: MetadataChange): void {
    this.missing.look(this.missingTopics);
    if (topics) this.membership.requestRejoin('the topics or their partitions have changed');
    if (leaders) this.fetcher.metadataChanged();
  }

  private assign(partitions: readonly TopicPartition[], membership: GroupMembershipIdentity): void {
    if (this.closing !== null) return;
    this.recorder.rebalanceEnded();
    const { coordinatorId } = this.membership;
    if (coordinatorId !== null) this.offsetsCoordinator.prefer(coordinatorId);
    this.partitions.assign(partitions, membership);
  }

  private revoke(deadline: number): Promise<void> {
    this.recorder.rebalanceStarted();
    return this.partitions.revoke(deadline);
  }

  private lose(): void {
    this.recorder.rebalanceStarted();
    this.partitions.lose();
  }

  private fail(error: Error): void {
    if (this.failure !== null || this.closing !== null) return;
    this.failure = error;
    this.lose();
    this.dependencies.events.onFatal(error);
  }

  private async shutDown(deadline: number): Promise<void> {
    // From now on no join: the last offsets are committed under this generation.
    this.membership.retire();
    await this.revoke(Math.max(Date.now(), deadline - LEAVE_MS));
    await this.membership.leave(deadline);
    const closed = new KafkaError('The consumer is closed.');
    await this.membership.close();
    await this.fetcher.close();
    this.updater.close();
    this.offsetsCoordinator.close(closed);
    await Promise.all([this.quickLink, this.membershipLink].map((link) => link.close(closed)));
  }
}

function byMembership(offsets: readonly OffsetToCommit[]): Map<GroupMembershipIdentity, OffsetToCommit[]> {
  const groups = new Map<GroupMembershipIdentity, OffsetToCommit[]>();
  for (const offset of offsets) {
    const { membership } = offset.partition;
    const own = groups.get(membership);
    if (own === undefined) groups.set(membership, [offset]);
    else own.push(offset);
  }
  return groups;
}

function movedOn({ groupId }: GroupMembershipIdentity): CommitFailedError {
  return new CommitFailedError(
    `Offsets of group '${groupId}' were not committed: their partitions belong to others now.`,
  );
}
