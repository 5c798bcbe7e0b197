import type { BrokerConnection } from '../../wire/broker-connection.js';
import type { ClusterLink } from '../../wire/cluster-link.js';
import { BrokerConnectionError } from '../../wire/connection-errors.js';
import { produceApi, type ProduceTopicData } from '../../wire/protocol/produce.js';
import type { ProducerConfig } from '../producer-config.js';
import type { MetadataUpdater } from './metadata-updater.js';
import type { PartitionQueue } from './partition-queue.js';
import type { ProduceOutcomes } from './produce-outcomes.js';
import type { ProducerBatch } from './producer-batch.js';
import type { ProducerMetadata } from './producer-metadata.js';
import type { ProducerMetricsRecorder } from './producer-metrics.js';
import type { RecordAccumulator } from './record-accumulator.js';
import type { SequenceManager } from './sequence-manager.js';
import type { TransactionManager } from './transactions/transaction-manager.js';

export interface SenderDependencies {
  readonly config: ProducerConfig;
  readonly link: ClusterLink;
  readonly metadata: ProducerMetadata;
  readonly updater: MetadataUpdater;
  readonly accumulator: RecordAccumulator;
  readonly outcomes: ProduceOutcomes;
  /** null without idempotence. */
  readonly sequences: SequenceManager | null;
  readonly metrics: ProducerMetricsRecorder;
  /** Whether everything must go now: a flush or close is in progress, or a send waits for memory. */
  readonly isUrgent: () => boolean;
  /** null without a transactional id. */
  readonly transaction: TransactionManager | null;
  /** A producer id is needed and there is none. */
  readonly onProducerIdNeeded: () => void;
}

/** Batches of one broker that may be sent now. */
interface ReadyNode {
  readonly nodeId: number;
  readonly queues: PartitionQueue[];
}

const NEVER = Number.POSITIVE_INFINITY;
/**
 * A broker that is no longer the leader says so at once; one that has not answered for so long after the change of leader is paused or cut off.
 * Its connection is ended then, so that what it may or may not have stored is resolved with the new leader, long before the request timeout.
 */
const ABANDON_FORMER_LEADER_AFTER_MS = 1_000;

/**
 * Sends what is ready, one request per broker with at most one batch per partition, and keeps requests and order within bounds (Kafka's `Sender`).
 * It runs when woken: by appends, answers, connections and its own timer; there is no polling.
 */
export class Sender {
  private readonly dependencies: SenderDependencies;
  /** Unanswered Produce requests by broker. */
  private readonly inFlight = new Map<number, number>();
  /** KIP-219: no request to a broker before this time. */
  private readonly throttledUntil = new Map<number, number>();
  /** Where the next walk over a broker's partitions begins, so that none starves. */
  private readonly drainIndex = new Map<number, number>();
  private immediate: NodeJS.Immediate | null = null;
  private timer: NodeJS.Timeout | undefined;
  private timerDue = NEVER;
  private nextCheck = NEVER;
  private stopped = false;
  private leadersChanged = false;

  public constructor(dependencies: SenderDependencies) {
    this.dependencies = dependencies;
  }

  public get requestsInFlight(): number {
    let total = 0;
    for (const count of this.inFlight.values()) total += count;
    return total;
  }

  /** Looks for work in the next turn of the event loop, so that one look serves all sends of this turn. */
  public wake(): void {
    if (this.immediate !== null || this.stopped) return;
    this.immediate = setImmediate(() => {
      this.immediate = null;
      this.run();
    });
  }

  /** Looks for work after `ms`, unless it is done earlier. */
  public wakeIn(ms: number): void {
    const due = Date.now() + ms;
    if (due >= this.timerDue || this.stopped) return;
    clearTimeout(this.timer);
    this.timerDue = due;
    this.timer = setTimeout(
      () => {
        this.timerDue = NEVER;
        this.run();
      },
      Math.max(1, Math.ceil(ms)),
    );
  }

  /** Some partition has another leader now. */
  public leaderChanged(): void {
    this.leadersChanged = true;
    this.wake();
  }

  public stop(): void {
    this.stopped = true;
    this.clearTimer();
    if (this.immediate !== null) clearImmediate(this.immediate);
  }

  private run(): void {
    if (this.stopped) return;
    const now = Date.now();
    const { outcomes, transaction } = this.dependencies;
    this.nextCheck = outcomes.expire(now);
    // A batch that was on the wire when the transaction failed may have come back to be sent again, and never will be.
    const unsendable = transaction?.unsendable ?? null;
    if (unsendable !== null) outcomes.abortUnsent(unsendable);
    if (this.leadersChanged) this.abandonFormerLeaders(now);
    const { sequences } = this.dependencies;
    if (sequences !== null && !sequences.hasProducerId) this.dependencies.onProducerIdNeeded();
    while (this.sendReady(now)) {
      // Each round takes one batch per partition; more may follow while requests are allowed.
    }
    const isIdle = this.nextCheck === NEVER || this.dependencies.accumulator.incomplete.size === 0;
    if (isIdle) this.clearTimer();
    else this.wakeIn(this.nextCheck - now);
  }

  private clearTimer(): void {
    clearTimeout(this.timer);
    this.timerDue = NEVER;
  }

  private abandonFormerLeaders(now: number): void {
    const { accumulator, link, metadata } = this.dependencies;
    let mayOweAnswers = false;
    for (const { onWire, queue } of accumulator.incomplete) {
      const leader = metadata.topic(queue.topic)?.leaderOf(queue.partition) ?? -1;
      if (!onWire || leader < 0 || leader === queue.sentTo) continue;
      mayOweAnswers = true;
      const due = queue.sentAt + ABANDON_FORMER_LEADER_AFTER_MS;
      if (due > now) this.checkAt(due);
      else link.disconnect(queue.sentTo, formerLeaderIsSilent(queue));
    }
    this.leadersChanged = mayOweAnswers;
  }

  private sendReady(now: number): boolean {
    let hasSent = false;
    for (const { nodeId, queues } of this.readyNodes(now)) {
      const connection = this.usableConnection(nodeId, now);
      if (connection === null) continue;
      const batches = this.drain(nodeId, queues, now);
      if (batches.length === 0) continue;
      this.dependencies.accumulator.waitingSince.delete(nodeId);
      this.send(nodeId, connection, batches, now);
      hasSent = true;
    }
    return hasSent;
  }

  private readyNodes(now: number): Iterable<ReadyNode> {
    const { accumulator, metadata, updater } = this.dependencies;
    const nodes = new Map<number, ReadyNode>();
    const waiting = new Set<number>();
    const isUrgent = this.dependencies.isUrgent();
    for (const queue of accumulator.active) {
      const head = queue.head;
      if (head === undefined) continue;
      const leader = metadata.topic(queue.topic)?.leaderOf(queue.partition) ?? -1;
      if (leader < 0) {
        metadata.want(queue.topic, now);
        updater.request();
        continue;
      }
      if (!this.isDue(queue, head, isUrgent, now)) continue;
      waiting.add(leader);
      if (!this.maySend(queue, head, leader, now)) continue;
      const node = nodes.get(leader);
      if (node === undefined) nodes.set(leader, { nodeId: leader, queues: [queue] });
      else node.queues.push(queue);
    }
    this.noteWaiting(waiting, now);
    return nodes.values();
  }

  /** Since when each broker's data waits: the built-in partitioner avoids brokers that do not take theirs (KIP-794). */
  private noteWaiting(waiting: ReadonlySet<number>, now: number): void {
    const { waitingSince } = this.dependencies.accumulator;
    for (const nodeId of waitingSince.keys()) if (!waiting.has(nodeId)) waitingSince.delete(nodeId);
    for (const nodeId of waiting) if (!waitingSince.has(nodeId)) waitingSince.set(nodeId, now);
  }

  private isDue(queue: PartitionQueue, head: ProducerBatch, isUrgent: boolean, now: number): boolean {
    const { lingerMs } = this.dependencies.config;
    if (isUrgent || head.attempts > 0 || queue.waiting.length > 1 || head.isFull) return true;
    if (now - head.createdAt >= lingerMs) return true;
    this.checkAt(head.createdAt + lingerMs);
    return false;
  }

  private maySend(queue: PartitionQueue, head: ProducerBatch, leader: number, now: number): boolean {
    const { config, sequences, transaction } = this.dependencies;
    if (transaction !== null && !transaction.maySend(queue)) return false;
    // With one request in flight the partition is muted until its answer: strict order even without idempotence.
    if (config.maxInFlightRequestsPerConnection === 1 && queue.inFlight > 0) return false;
    // What the former leader still owes comes first: the new one could take a later batch for the next.
    if (queue.inFlight > 0 && queue.sentTo !== leader) return false;
    if (head.isBackingOff(now, leader)) {
      this.checkAt(head.waitingSince + head.backoffMs);
      return false;
    }
    return sequences === null || sequences.maySend(queue, head, now);
  }

  private usableConnection(nodeId: number, now: number): BrokerConnection | null {
    const { config, link } = this.dependencies;
    const throttled = this.throttledUntil.get(nodeId) ?? 0;
    if (throttled > now) {
      this.checkAt(throttled);
      return null;
    }
    if ((this.inFlight.get(nodeId) ?? 0) >= config.maxInFlightRequestsPerConnection) return null;
    const wait = link.ready(nodeId, now);
    if (wait === 0) return link.openConnection(nodeId);
    this.checkAt(now + wait);
    return null;
  }

  /** One batch per partition, up to `max.request.size`; a larger one goes alone. */
  private drain(nodeId: number, queues: readonly PartitionQueue[], now: number): ProducerBatch[] {
    const { accumulator, config, outcomes } = this.dependencies;
    const batches: ProducerBatch[] = [];
    const start = (this.drainIndex.get(nodeId) ?? 0) % queues.length;
    this.drainIndex.set(nodeId, start + 1);
    let bytes = 0;
    for (let step = 0; step < queues.length; step++) {
      const queue = queues[(start + step) % queues.length];
      const head = queue?.head;
      if (queue === undefined || head === undefined) continue;
      if (batches.length > 0 && bytes + head.sizeInBytes > config.maxRequestSize) break;
      accumulator.take(queue);
      if (!outcomes.prepare(head, now)) {
        this.wake();
        continue;
      }
      batches.push(head);
      bytes += head.sizeInBytes;
    }
    // The failure of one may have ended others: a transaction drops all that is unsent.
    return batches.filter((batch) => !batch.isSettled);
  }

  private send(nodeId: number, connection: BrokerConnection, batches: readonly ProducerBatch[], now: number): void {
    const { config, transaction } = this.dependencies;
    const topics = this.encode(nodeId, batches, now);
    this.inFlight.set(nodeId, (this.inFlight.get(nodeId) ?? 0) + 1);
    const { acks, requestTimeoutMs, transactionalId } = config;
    const request = { transactionalId, acks, timeoutMs: requestTimeoutMs, topics };
    if (acks === 0) {
      connection.sendOneWay(produceApi, request).then(
        () => this.answered(nodeId, now, 0, () => this.dependencies.outcomes.written(batches, Date.now())),
        (error: unknown) =>
          this.answered(nodeId, now, 0, () => this.dependencies.outcomes.lost(batches, nodeId, error)),
      );
      return;
    }
    connection.send(produceApi, request, requestTimeoutMs, transaction?.produceVersion(connection)).then(
      (response) =>
        this.answered(nodeId, now, response.throttleTimeMs, () =>
          this.dependencies.outcomes.answered(batches, nodeId, response),
        ),
      (error: unknown) => this.answered(nodeId, now, 0, () => this.dependencies.outcomes.lost(batches, nodeId, error)),
    );
  }

  private encode(nodeId: number, batches: readonly ProducerBatch[], now: number): ProduceTopicData[] {
    const { metrics, sequences, transaction } = this.dependencies;
    const topics = new Map<string, { name: string; partitions: { index: number; records: Buffer }[] }>();
    let records = 0;
    let bytes = 0;
    for (const batch of batches) {
      const { queue } = batch;
      sequences?.assign(queue, batch);
      const encoded = batch.encode(transaction !== null);
      batch.onWire = true;
      queue.inFlight++;
      queue.sentTo = nodeId;
      queue.sentAt = now;
      records += batch.recordCount;
      bytes += encoded.length;
      const partition = { index: queue.partition, records: encoded };
      const topic = topics.get(queue.topic);
      if (topic === undefined) topics.set(queue.topic, { name: queue.topic, partitions: [partition] });
      else topic.partitions.push(partition);
    }
    metrics.requestSent(now, records, bytes);
    return [...topics.values()];
  }

  private answered(nodeId: number, sentAt: number, throttleMs: number, handle: () => void): void {
    const now = Date.now();
    this.inFlight.set(nodeId, Math.max(0, (this.inFlight.get(nodeId) ?? 0) - 1));
    // A nonsense time must not silence a broker for good.
    const believedMs = Math.min(throttleMs, this.dependencies.config.requestTimeoutMs);
    if (believedMs > 0) this.throttledUntil.set(nodeId, now + believedMs);
    this.dependencies.metrics.requestAnswered(now, now - sentAt, throttleMs);
    handle();
    this.wake();
  }

  private checkAt(time: number): void {
    if (time < this.nextCheck) this.nextCheck = time;
  }
}

function formerLeaderIsSilent({ sentTo, topic, partition }: PartitionQueue): BrokerConnectionError {
  return new BrokerConnectionError(`Broker ${sentTo} no longer leads ${topic}-${partition} and does not answer.`, {
    topic,
    partition,
  });
}
