import type { LogSink } from '../../wire/log-sink.js';
import { settledWithin } from '../../wire/settled-within.js';
import type {
  AssignedPartition,
  ConsumerEngineEvents,
  GroupMembershipIdentity,
  TopicPartition,
} from '../consumer-engine-api.js';
import type { Fetcher } from './fetching/fetcher.js';

export interface HeldPartitionsDependencies {
  readonly fetcher: Pick<Fetcher, 'assign' | 'unassign'>;
  readonly events: Pick<ConsumerEngineEvents, 'onAssigned' | 'onRevoked' | 'onLost'>;
  readonly log: LogSink;
}

/** The partitions that the member has, from the assignment until they are given away or lost. */
export class HeldPartitions {
  private held: readonly AssignedPartition[] = [];
  /** Giving them away is under way; whoever else wants it waits for the same. */
  private revoking: Promise<void> | null = null;

  public constructor(private readonly dependencies: HeldPartitionsDependencies) {}

  public get all(): readonly AssignedPartition[] {
    return this.held;
  }

  public assign(partitions: readonly TopicPartition[], membership: GroupMembershipIdentity): void {
    const { events, fetcher } = this.dependencies;
    this.held = fetcher.assign(partitions.map(({ partition, topic }) => ({ topic, partition, membership })));
    events.onAssigned(this.held);
  }

  /** Gives them away when their handlers have ended, at the deadline (ms since the epoch) at the latest. */
  public revoke(deadline: number): Promise<void> {
    if (this.revoking !== null) return this.revoking;
    const revoking = this.giveAway(deadline).finally(() => {
      if (this.revoking === revoking) this.revoking = null;
    });
    this.revoking = revoking;
    return revoking;
  }

  /** They belong to others already. What is still being given away is none of those that come next. */
  public lose(): void {
    const partitions = this.held;
    this.revoking = null;
    if (partitions.length === 0) return;
    this.forget(partitions);
    this.dependencies.events.onLost(partitions);
  }

  private async giveAway(deadline: number): Promise<void> {
    const { events, log } = this.dependencies;
    const partitions = this.held;
    if (partitions.length === 0) return;
    for (const partition of partitions) partition.pause('revoked');
    const revoked = events
      .onRevoked(partitions, deadline)
      .catch((error: unknown) => log.error(`onRevoked has failed: ${String(error)}`));
    // At the deadline the partitions are given away whatever still goes on.
    await settledWithin(revoked, Math.max(0, deadline - Date.now()));
    this.forget(partitions);
  }

  private forget(partitions: readonly AssignedPartition[]): void {
    if (this.held === partitions) this.held = [];
    this.dependencies.fetcher.unassign(partitions);
  }
}
