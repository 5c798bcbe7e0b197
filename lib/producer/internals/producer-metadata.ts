import type { MetadataResponse } from '../../wire/cluster-metadata.js';
import { BrokerResponseError } from '../../wire/broker-response-error.js';
import type { ClusterView } from '../partitioners/partitioner.js';
import type { PartitionInfo } from '../record.js';
import { ClusterTopic } from './cluster-topic.js';

/** INVALID_TOPIC_EXCEPTION, TOPIC_AUTHORIZATION_FAILED, CLUSTER_AUTHORIZATION_FAILED: waiting does not help. */
const FINAL_TOPIC_ERRORS: ReadonlySet<number> = new Set([17, 29, 31]);

/** What the producer knows of the cluster: topics in use, their partitions and leaders (Kafka's `ProducerMetadata`). */
export class ProducerMetadata implements ClusterView {
  private readonly topics = new Map<string, ClusterTopic>();
  private readonly errors = new Map<string, BrokerResponseError>();
  /** Topics that are asked for; value: when they were last used. */
  private readonly wanted = new Map<string, number>();
  private updates = 0;
  private updatedTime = 0;

  /**
   * @param maxIdleMs `metadata.max.idle.ms`: unused topics are forgotten after so long
   * @param isAwaited whether records wait for a topic, or for memory with it: then it is in use
   */
  public constructor(
    private readonly maxIdleMs: number,
    private readonly isAwaited: (topic: string) => boolean = () => false,
  ) {}

  /** How many responses have been taken in; 0 until the first. */
  public get version(): number {
    return this.updates;
  }

  /** Milliseconds since the epoch of the last response; 0 before the first. */
  public get updatedAt(): number {
    return this.updatedTime;
  }

  /** The topics that are asked for. */
  public get topicsInUse(): readonly string[] {
    return [...this.wanted.keys()];
  }

  /** A topic that is known and has partitions. */
  public topic(name: string): ClusterTopic | undefined {
    return this.topics.get(name);
  }

  /** Why the topic cannot be used, as far as waiting does not help. */
  public finalError(topic: string): BrokerResponseError | undefined {
    const error = this.errors.get(topic);
    return error !== undefined && FINAL_TOPIC_ERRORS.has(error.code) ? error : undefined;
  }

  /** What the last response said against the topic, for messages. */
  public lastError(topic: string): BrokerResponseError | undefined {
    return this.errors.get(topic);
  }

  /** @returns whether the topic was not asked for before */
  public want(topic: string, now: number): boolean {
    const isNew = !this.wanted.has(topic);
    this.wanted.set(topic, now);
    return isNew;
  }

  /** Topics for the next request, without those unused for too long. */
  public topicsToRefresh(now: number): string[] {
    for (const [name, wantedAt] of this.wanted) {
      const usedAt = Math.max(wantedAt, this.topics.get(name)?.usedAt ?? 0);
      if (now - usedAt <= this.maxIdleMs || this.isAwaited(name)) continue;
      this.wanted.delete(name);
      this.topics.delete(name);
      this.errors.delete(name);
    }
    return [...this.wanted.keys()];
  }

  /** @returns whether a leader has changed, or a topic became known */
  public update(response: MetadataResponse, now: number): boolean {
    this.updates++;
    this.updatedTime = now;
    let hasChanged = false;
    for (const topic of response.topics) {
      if (topic.errorCode !== 0) {
        this.errors.set(topic.name, new BrokerResponseError(topic.errorCode, { topic: topic.name, api: 'Metadata' }));
        if (FINAL_TOPIC_ERRORS.has(topic.errorCode)) this.topics.delete(topic.name);
        continue;
      }
      this.errors.delete(topic.name);
      let known = this.topics.get(topic.name);
      if (known === undefined) {
        known = new ClusterTopic(topic.name, now);
        this.topics.set(topic.name, known);
      }
      if (known.update(topic, this.updates)) hasChanged = true;
    }
    return hasChanged;
  }

  /** @returns whether the leader named in a Produce response is news */
  public updateLeader(topic: string, partition: number, leader: { leaderId: number; leaderEpoch: number }): boolean {
    return this.topics.get(topic)?.updateLeader(partition, leader.leaderId, leader.leaderEpoch) ?? false;
  }

  public partitionCount(topic: string): number {
    return this.topics.get(topic)?.partitionCount ?? 0;
  }

  public partitions(topic: string): readonly PartitionInfo[] {
    return this.topics.get(topic)?.partitionInfos ?? [];
  }

  public availablePartitions(topic: string): readonly PartitionInfo[] {
    return this.partitions(topic).filter((partition) => partition.leader !== null);
  }
}
