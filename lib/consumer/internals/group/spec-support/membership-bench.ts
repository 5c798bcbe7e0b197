import type { LogSink } from '../../../../wire/log-sink.js';
import type { ConsumerConfig } from '../../../consumer-config.js';
import { consumerConfigOf } from '../../../spec-support/consumer-config-of.js';
import { RangeAssignor } from '../../assignors/range.assignor.js';
import { GroupMembership } from '../group-membership.js';
import type { GroupMembershipEvents } from '../group-membership-api.js';
import { FakeCoordinator } from './fake-coordinator.js';

export const HEARTBEAT_MS = 2;

const CONFIG = consumerConfigOf({
  clientId: 'bench',
  groupId: 'billing',
  sessionTimeoutMs: 5_000,
  heartbeatIntervalMs: HEARTBEAT_MS,
  maxPollIntervalMs: 60_000,
  requestTimeoutMs: 1_000,
  defaultApiTimeoutMs: 1_000,
  retryBackoffMs: 1,
  retryBackoffMaxMs: 2,
});

/** A membership before a coordinator in memory. `await using` closes it. */
export class MembershipBench implements AsyncDisposable {
  public readonly coordinator = new FakeCoordinator();
  /** What was told, in order: `assigned t-1`, `lost`, `trouble`, `passed`, `fatal`, `prepare`. */
  public readonly told: string[] = [];
  public readonly lines: string[] = [];
  public readonly membership: GroupMembership;
  public fatal: Error | null = null;
  public topics: readonly string[] = ['t'];
  public onJoinPrepare: (deadline: number) => Promise<void> = () => Promise.resolve();

  public constructor(config: Partial<ConsumerConfig> = {}, events: Partial<GroupMembershipEvents> = {}) {
    const write = (line: string): void => void this.lines.push(line);
    const log: LogSink = { debug: write, info: write, warn: write, error: write };
    this.membership = new GroupMembership({
      coordinator: this.coordinator,
      config: { ...CONFIG, ...config },
      assignors: [new RangeAssignor()],
      log,
      events: {
        subscription: () => this.topics,
        partitionCounts: (topics) => Promise.resolve(new Map(topics.map((topic) => [topic, 2]))),
        onJoinPrepare: (deadline) => {
          this.told.push('prepare');
          return this.onJoinPrepare(deadline);
        },
        onAssigned: (partitions) => {
          this.told.push(['assigned', ...partitions.map(({ topic, partition }) => `${topic}-${partition}`)].join(' '));
        },
        onLost: () => this.told.push('lost'),
        onTrouble: (error) => this.told.push(error === null ? 'passed' : 'trouble'),
        onFatal: (error) => {
          this.told.push('fatal');
          this.fatal = error;
        },
        ...events,
      },
    });
  }

  public async [Symbol.asyncDispose](): Promise<void> {
    await this.membership.close();
  }
}
