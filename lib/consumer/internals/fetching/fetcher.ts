import type { ClusterLink } from '../../../wire/cluster-link.js';
import type { BrokerAddress } from '../../../wire/cluster-metadata.js';
import { BrokerConnectionError } from '../../../wire/connection-errors.js';
import type { LogSink } from '../../../wire/log-sink.js';
import { fetchApi, type FetchResponse } from '../../../wire/protocol/fetch.js';
import type { ConsumerConfig } from '../../consumer-config.js';
import type {
  AssignedPartition,
  ConsumerEngineEvents,
  GroupMembershipIdentity,
  TopicPartition,
} from '../../consumer-engine-api.js';
import type { ConsumerMetadata } from '../metadata/consumer-metadata.js';
import type { ConsumerMetadataUpdater } from '../metadata/consumer-metadata-updater.js';
import type { GroupOffsets } from '../offsets/group-offsets.js';
import type { LeaderOffsets } from '../offsets/leader-offsets.js';
import type { FetchFigures } from '../member-metrics.js';
import { FetchAnswers } from './fetch-answers.js';
import { fetchRequest, type FetchInFlight } from './fetch-in-flight.js';
import { FetchPartition } from './fetch-partition.js';
import { FetchPlan, type PlannedFetch } from './fetch-plan.js';
import { PartitionTroubles } from './partition-troubles.js';
import { PositionResolver } from './position-resolver.js';
import { RecordDelivery } from './record-delivery.js';

export interface FetcherDependencies extends Pick<ConsumerEngineEvents, 'onRecords' | 'onTrouble' | 'onFatal'> {
  readonly config: ConsumerConfig;
  readonly metadata: ConsumerMetadata;
  readonly updater: Pick<ConsumerMetadataUpdater, 'request'>;
  readonly groupOffsets: GroupOffsets;
  readonly leaderOffsets: LeaderOffsets;
  readonly log: LogSink;
  /** A broker has answered a Fetch. */
  readonly onFetched?: ((figures: FetchFigures) => void) | undefined;
  /** Opens the link for Fetch alone: a broker serves a connection one request at a time, and these wait for data. */
  readonly openLink: (onChange: () => void) => ClusterLink;
}

/** A partition to read, and the generation in which it was assigned. */
export interface FetcherAssignment extends TopicPartition {
  readonly membership: GroupMembershipIdentity;
}

const NEVER = Number.POSITIVE_INFINITY;
/** A broker that has not answered for so long beyond its wait may be paused, and its partitions led by another one meanwhile. */
const SILENT_AFTER_MS = 1_000;

/**
 * Reads the assigned partitions (Kafka's `Fetcher`): finds out where to begin, keeps one Fetch request in flight per broker, and hands records out in order.
 * A partition is asked about again when everything that was fetched of it has been handed out, so no more than one fetch of each is held.
 */
export class Fetcher {
  private readonly link: ClusterLink;
  private readonly troubles: PartitionTroubles;
  private readonly resolver: PositionResolver;
  private readonly answers: FetchAnswers;
  private readonly delivery: RecordDelivery;
  private readonly plan: FetchPlan;
  private readonly inFlight = new Map<number, FetchInFlight>();
  private readonly throttledUntil = new Map<number, number>();
  /** Brokers that have refused a connection. */
  private readonly unreachable = new Set<number>();
  private partitions: readonly FetchPartition[] = [];
  private immediate: NodeJS.Immediate | null = null;
  private timer: NodeJS.Timeout | undefined;
  private timerDue = NEVER;
  private nextCheck = NEVER;
  private stopped = false;

  public constructor(private readonly dependencies: FetcherDependencies) {
    const { config, log, onRecords, onTrouble } = dependencies;
    const onChange = (): void => this.wake();
    this.troubles = new PartitionTroubles({ config, onTrouble, onFatal: (error) => this.failed(error) });
    const parts = { ...dependencies, troubles: this.troubles, onChange };
    this.resolver = new PositionResolver(parts);
    this.answers = new FetchAnswers(parts);
    this.delivery = new RecordDelivery({ onRecords, troubles: this.troubles, log });
    this.plan = new FetchPlan(config, dependencies.metadata);
    this.link = dependencies.openLink(onChange);
  }

  /** Brokers with an open connection for Fetch. */
  public get connectedBrokers(): number {
    return this.link.connectedBrokers;
  }

  public get assigned(): readonly AssignedPartition[] {
    return this.partitions;
  }

  /** Begins to read; records come in a later turn of the event loop. */
  public assign(assignments: readonly FetcherAssignment[]): AssignedPartition[] {
    const added = assignments.map(
      ({ topic, partition, membership }) => new FetchPartition(topic, partition, membership, () => this.wake()),
    );
    this.partitions = [...this.partitions, ...added];
    this.wake();
    return added;
  }

  /** Nothing more is handed out of these, from now on. */
  public unassign(partitions: readonly AssignedPartition[]): void {
    const ended = new Set(partitions);
    for (const partition of this.partitions) {
      if (!ended.has(partition)) continue;
      partition.end();
      this.troubles.clear(partition);
    }
    this.partitions = this.partitions.filter((partition) => !ended.has(partition));
    this.wake();
  }

  public updateBrokers(brokers: readonly BrokerAddress[]): void {
    this.link.updateBrokers(brokers);
  }

  /** Leaders may have changed. */
  public metadataChanged(): void {
    this.wake();
  }

  /** Idempotent. */
  public async close(): Promise<void> {
    this.stop();
    this.unassign(this.partitions);
    await this.link.close(new BrokerConnectionError('The consumer is closed.', { retriable: false }));
  }

  /** Looks for work in the next turn of the event loop, so that one look serves everything that has changed in this one. */
  private wake(): void {
    if (this.immediate !== null || this.stopped) return;
    this.immediate = setImmediate(() => {
      this.immediate = null;
      this.run();
    });
  }

  private run(): void {
    if (this.stopped) return;
    const now = Date.now();
    this.nextCheck = NEVER;
    if (this.delivery.run(this.partitions)) this.wake();
    this.resolvePositions(now);
    this.leaveSilentBrokers(now);
    const plan = this.plan.make(this.partitions, now);
    this.forgetUnneeded(plan);
    for (const planned of plan) this.send(planned, now);
    this.armTimer(now);
  }

  private resolvePositions(now: number): void {
    const due: FetchPartition[] = [];
    for (const partition of this.partitions) {
      // Nobody asks about it until it is resumed, and so nobody would learn that its trouble has passed.
      if (partition.isPaused && partition.wanted === null) this.troubles.clear(partition);
      if (partition.retryAt > now) this.checkAt(partition.retryAt);
      else if (partition.wanted !== null && !partition.isBusy) due.push(partition);
    }
    if (due.length > 0) this.resolver.resolve(due);
    for (const { retryAt } of due) if (retryAt > now) this.checkAt(retryAt);
  }

  private leaveSilentBrokers(now: number): void {
    const { metadata, updater } = this.dependencies;
    for (const { entries, nodeId, sentAt, waitMs } of this.inFlight.values()) {
      const due = sentAt + waitMs + SILENT_AFTER_MS;
      if (due > now) {
        this.checkAt(due);
        continue;
      }
      const moved = entries.find(({ partition, epoch }) => {
        const leader = metadata.leader(partition.topic, partition.partition);
        return partition.isCurrent(epoch) && leader !== null && leader.leaderId !== nodeId;
      });
      if (moved === undefined) {
        updater.request();
        this.checkAt(now + SILENT_AFTER_MS);
      } else this.link.disconnect(nodeId, silent(nodeId, moved.partition));
    }
  }

  private send(planned: PlannedFetch, now: number): void {
    const { nodeId, withoutLeader } = planned;
    const { config, metadata, updater } = this.dependencies;
    if (withoutLeader) {
      for (const { partition } of planned.entries) this.resolver.withoutLeader(partition);
      this.checkAt(now + config.retryBackoffMs);
      return;
    }
    if (this.inFlight.has(nodeId)) return;
    const throttled = this.throttledUntil.get(nodeId) ?? 0;
    if (throttled > now) {
      this.checkAt(throttled);
      return;
    }
    const wait = this.link.ready(nodeId, now);
    const connection = wait === 0 ? this.link.openConnection(nodeId) : null;
    if (connection === null) {
      this.notConnected(planned, wait, now);
      return;
    }
    this.reached(nodeId);
    const fetch: FetchInFlight = { ...planned, sentAt: now };
    this.inFlight.set(nodeId, fetch);
    this.checkAt(now + fetch.waitMs + SILENT_AFTER_MS);
    const request = fetchRequest(fetch, config, metadata);
    connection.send(fetchApi, request, fetch.waitMs + config.requestTimeoutMs).then(
      (response) => this.answered(fetch, response),
      (error: unknown) => {
        this.inFlight.delete(nodeId);
        if (!this.stopped) this.answers.refused(fetch.entries, error);
        updater.request();
        this.wake();
      },
    );
  }

  private answered(fetch: FetchInFlight, response: FetchResponse): void {
    this.inFlight.delete(fetch.nodeId);
    if (this.stopped) return;
    // A nonsense time must not silence a broker for good.
    const throttleMs = Math.min(response.throttleTimeMs, this.dependencies.config.requestTimeoutMs);
    this.dependencies.onFetched?.({ latencyMs: Date.now() - fetch.sentAt, bytes: sizeOf(response), throttleMs });
    if (throttleMs > 0) this.throttledUntil.set(fetch.nodeId, Date.now() + throttleMs);
    this.answers.accept(fetch, response);
    this.wake();
  }

  private notConnected({ entries, nodeId }: PlannedFetch, wait: number, now: number): void {
    const { metadata, updater } = this.dependencies;
    if (!metadata.knowsBroker(nodeId)) updater.request();
    if (wait === NEVER) return;
    this.checkAt(now + wait);
    // The leader is there, too, when it was another replica.
    for (const { partition } of entries) partition.readReplica = null;
    const failure = this.link.lastConnectFailure;
    if (failure === null) return;
    this.unreachable.add(nodeId);
    this.troubles.report(nodeId, failure);
    updater.request();
  }

  /** A broker that cannot be reached is no trouble when nothing is read from it any more. */
  private forgetUnneeded(plan: readonly PlannedFetch[]): void {
    for (const nodeId of this.unreachable) {
      if (!plan.some((planned) => planned.nodeId === nodeId)) this.reached(nodeId);
    }
  }

  private reached(nodeId: number): void {
    if (this.unreachable.delete(nodeId)) this.troubles.clear(nodeId);
  }

  private checkAt(time: number): void {
    if (time < this.nextCheck) this.nextCheck = time;
  }

  /** A timer that is due earlier does no harm: it only looks. */
  private armTimer(now: number): void {
    if (this.nextCheck >= this.timerDue) return;
    clearTimeout(this.timer);
    this.timerDue = this.nextCheck;
    this.timer = setTimeout(
      () => {
        this.timerDue = NEVER;
        this.run();
      },
      Math.max(1, Math.ceil(this.nextCheck - now)),
    );
  }

  private failed(error: Error): void {
    if (this.stopped) return;
    this.stop();
    this.dependencies.onFatal(error);
  }

  private stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    if (this.immediate !== null) clearImmediate(this.immediate);
    this.immediate = null;
  }
}

function sizeOf({ topics }: FetchResponse): number {
  let bytes = 0;
  for (const { partitions } of topics) for (const { records } of partitions) bytes += records.length;
  return bytes;
}

function silent(nodeId: number, { name, topic, partition }: FetchPartition): BrokerConnectionError {
  return new BrokerConnectionError(`Broker ${nodeId} no longer leads ${name} and does not answer.`, {
    topic,
    partition,
  });
}
