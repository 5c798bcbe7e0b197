import { createAssignors } from '../../lib/consumer/internals/assignors/create-assignors.js';
import type { PartitionAssignor } from '../../lib/consumer/internals/assignors/partition-assignor.js';
import { GroupMembership } from '../../lib/consumer/internals/group/group-membership.js';
import type { ConsumerConfig } from '../../lib/consumer/consumer-config.js';
import type { GroupMembershipIdentity, TopicPartition } from '../../lib/consumer/consumer-engine-api.js';
import { ClusterLink } from '../../lib/wire/cluster-link.js';
import { CoordinatorClient, GROUP_COORDINATOR } from '../../lib/wire/coordinator-client.js';
import type { KafkaClientOptions } from '../../lib/wire/kafka-client-options.js';
import { RecordingLog } from '../support/recording-log.js';

const LEAVE_LIMIT_MS = 5_000;

export interface MembershipHostOptions {
  readonly client: KafkaClientOptions;
  readonly groupId: string;
  readonly topics: readonly string[];
  /** By topic, as the leader sees them. */
  readonly partitions: ReadonlyMap<string, number>;
  readonly config?: Partial<ConsumerConfig>;
  readonly assignors?: readonly PartitionAssignor[];
  readonly onJoinPrepare?: (deadline: number) => Promise<void>;
  /** Instead of an answer from `partitions`. */
  readonly countPartitions?: () => Promise<ReadonlyMap<string, number>>;
}

/** What a membership has told, in order. */
export type MembershipEvent =
  | { readonly type: 'prepare'; readonly at: number; readonly deadline: number }
  | {
      readonly type: 'assigned';
      readonly at: number;
      readonly partitions: readonly TopicPartition[];
      readonly membership: GroupMembershipIdentity;
    }
  | { readonly type: 'lost'; readonly at: number }
  | { readonly type: 'trouble'; readonly at: number; readonly error: Error | null }
  | { readonly type: 'fatal'; readonly at: number; readonly error: Error };

/** A group member without anything that fetches. `await using` leaves the group. */
export class MembershipHost implements AsyncDisposable {
  public readonly events: MembershipEvent[] = [];
  public readonly log = new RecordingLog();
  public readonly membership: GroupMembership;
  public readonly config: ConsumerConfig;
  public topics: readonly string[];
  private readonly links: readonly ClusterLink[];
  private ended: Promise<void> | null = null;

  public constructor(options: MembershipHostOptions) {
    const { client, groupId, partitions, onJoinPrepare = () => Promise.resolve(), countPartitions } = options;
    this.topics = options.topics;
    this.config = testConfig(groupId, options.config);
    const link = this.openLink(client);
    const lookUpLink = this.openLink(client);
    this.links = [link, lookUpLink];
    const coordinator = new CoordinatorClient({
      link,
      lookUpLink,
      config: this.config,
      keyType: GROUP_COORDINATOR,
      key: groupId,
      knownBrokers: () => [],
    });
    this.membership = new GroupMembership({
      coordinator,
      config: this.config,
      assignors: options.assignors ?? createAssignors(this.config.partitionAssignmentStrategy),
      log: this.log,
      events: {
        subscription: () => this.topics,
        partitionCounts: (topics) =>
          countPartitions?.() ?? Promise.resolve(new Map([...partitions].filter(([topic]) => topics.includes(topic)))),
        onJoinPrepare: (deadline) => {
          this.events.push({ type: 'prepare', at: Date.now(), deadline });
          return onJoinPrepare(deadline);
        },
        onAssigned: (assigned, membership) =>
          this.events.push({ type: 'assigned', at: Date.now(), partitions: assigned, membership }),
        onLost: () => this.events.push({ type: 'lost', at: Date.now() }),
        onTrouble: (error) => this.events.push({ type: 'trouble', at: Date.now(), error }),
        onFatal: (error) => this.events.push({ type: 'fatal', at: Date.now(), error }),
      },
    });
  }

  public static start(options: MembershipHostOptions): MembershipHost {
    const host = new MembershipHost(options);
    host.membership.start();
    return host;
  }

  /** `topic-partition` of what the member holds now; null while it holds nothing. */
  public get assigned(): readonly string[] | null {
    if (this.membership.state !== 'stable') return null;
    const last = this.eventsOf('assigned').at(-1);
    return last?.partitions.map(({ topic, partition }) => `${topic}-${partition}`) ?? null;
  }

  public get memberId(): string {
    return this.membership.identity?.memberId ?? '';
  }

  public get generationId(): number {
    return this.membership.identity?.generationId ?? -1;
  }

  public eventsOf<Type extends MembershipEvent['type']>(type: Type): Extract<MembershipEvent, { type: Type }>[] {
    return this.events.filter((event): event is Extract<MembershipEvent, { type: Type }> => event.type === type);
  }

  /** As a crash: the coordinator is not told. */
  public vanish(): Promise<void> {
    this.ended ??= this.end();
    return this.ended;
  }

  public async [Symbol.asyncDispose](): Promise<void> {
    if (this.ended === null) await this.membership.leave(Date.now() + LEAVE_LIMIT_MS);
    await this.vanish();
  }

  private async end(): Promise<void> {
    await this.membership.close();
    await Promise.all(this.links.map((link) => link.close(new Error('The test has ended.'))));
  }

  private openLink(client: KafkaClientOptions): ClusterLink {
    return new ClusterLink({
      client,
      clientId: this.config.clientId,
      log: this.log,
      connectionSetupTimeoutMs: this.config.socketConnectionSetupTimeoutMs,
      connectionsMaxIdleMs: this.config.connectionsMaxIdleMs,
      reconnectBackoffMs: this.config.reconnectBackoffMs,
      reconnectBackoffMaxMs: this.config.reconnectBackoffMaxMs,
      onChange: () => undefined,
    });
  }
}

/** Kafka's defaults, but with heartbeats that a test need not wait for. */
function testConfig(groupId: string, config: Partial<ConsumerConfig> = {}): ConsumerConfig {
  return {
    clientId: `member-of-${groupId}`,
    groupId,
    groupInstanceId: null,
    clientRack: null,
    autoOffsetReset: 'latest',
    isolationLevel: 'read_committed',
    sessionTimeoutMs: 10_000,
    heartbeatIntervalMs: 100,
    maxPollIntervalMs: 60_000,
    partitionAssignmentStrategy: ['range'],
    fetchMinBytes: 1,
    fetchMaxBytes: 52_428_800,
    fetchMaxWaitMs: 500,
    maxPartitionFetchBytes: 1_048_576,
    allowAutoCreateTopics: true,
    metadataMaxAgeMs: 300_000,
    requestTimeoutMs: 5_000,
    defaultApiTimeoutMs: 60_000,
    retryBackoffMs: 50,
    retryBackoffMaxMs: 500,
    reconnectBackoffMs: 50,
    reconnectBackoffMaxMs: 500,
    connectionsMaxIdleMs: 540_000,
    socketConnectionSetupTimeoutMs: 5_000,
    ...config,
  };
}
