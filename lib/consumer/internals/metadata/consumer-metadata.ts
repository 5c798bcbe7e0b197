import { BrokerResponseError } from '../../../wire/broker-response-error.js';
import type { BrokerAddress, MetadataResponse, TopicMetadata } from '../../../wire/cluster-metadata.js';
import { ErrorCode } from '../../../wire/error-codes.js';
import { KnownTopic, type PartitionLeader } from './known-topic.js';

/** What an answer has changed. */
export interface MetadataChange {
  /** Some partition has another leader. */
  readonly leaders: boolean;
  /** Another set of topics, or a number of partitions: the group has to assign anew. */
  readonly topics: boolean;
  /** Something is missing that is wanted, such as a topic or a leader: worth asking again soon. */
  readonly isIncomplete: boolean;
}

/** A topic that was there is taken for deleted when so many answers in a row do not have it: a broker that starts may lag behind. */
const ABSENCES_OF_DELETED = 2;
/** No topic of that name, or one that is only being made. */
const NOT_THERE: ReadonlySet<number> = new Set([ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ErrorCode.LEADER_NOT_AVAILABLE]);
const REFUSED: ReadonlySet<number> = new Set([
  ErrorCode.INVALID_TOPIC_EXCEPTION,
  ErrorCode.TOPIC_AUTHORIZATION_FAILED,
  ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
]);

/** What a group member knows of the cluster: the topics it reads, their partitions and leaders (Kafka's `ConsumerMetadata`). */
export class ConsumerMetadata {
  private readonly topics = new Map<string, KnownTopic>();
  private readonly refusals = new Map<string, BrokerResponseError>();
  /** Partitions that each topic had when it was first asked for. */
  private readonly firstCounts = new Map<string, number>();
  private names: readonly string[] = [];
  private patterns: readonly RegExp[] = [];
  /** Of other members: whoever assigns has to see when these change, too. */
  private groupTopics: readonly string[] = [];
  private hasSeenAll = false;
  private updatedTime = 0;

  /** The brokers of the last answer. */
  public brokers: readonly BrokerAddress[] = [];

  /** Milliseconds since the epoch of the last answer; 0 before the first. */
  public get updatedAt(): number {
    return this.updatedTime;
  }

  /** The names that are read now: those given, and those that exist and match. */
  public get subscription(): string[] {
    const names = new Set(this.names);
    for (const { name, isInternal } of this.topics.values()) if (!isInternal && this.matches(name)) names.add(name);
    return [...names].sort();
  }

  /** Why a topic may not be read, if one may not. */
  public get refusal(): BrokerResponseError | null {
    for (const name of this.names) {
      const refusal = this.refusals.get(name);
      if (refusal !== undefined) return refusal;
    }
    return null;
  }

  /** What to ask for: null for all topics. */
  public get topicsToAsk(): string[] | null {
    return this.patterns.length > 0 ? null : [...new Set([...this.names, ...this.groupTopics])];
  }

  public subscribe(topics: readonly (string | RegExp)[]): void {
    this.names = topics.filter((topic) => typeof topic === 'string');
    // A global or sticky expression would begin where its last test has ended.
    this.patterns = topics
      .filter((topic) => typeof topic !== 'string')
      .map(({ source, flags }) => new RegExp(source, flags.replace(/[gy]/g, '')));
    this.hasSeenAll = false;
    this.forgetUnwanted();
  }

  /** Topics of other members of the group, for the one that assigns. */
  public followGroupTopics(topics: readonly string[]): void {
    this.groupTopics = topics;
    this.forgetUnwanted();
  }

  /** 0 while the topic is not known. */
  public partitionCount(topic: string): number {
    return this.topics.get(topic)?.partitionCount ?? 0;
  }

  public knowsBroker(nodeId: number): boolean {
    return this.brokers.some((broker) => broker.nodeId === nodeId);
  }

  /** null while there is none. */
  public leader(topic: string, partition: number): PartitionLeader | null {
    return this.topics.get(topic)?.leader(partition) ?? null;
  }

  /** Whether a partition was not there when its topic was first asked for: nothing in it is older than the subscription. */
  public isLate(topic: string, partition: number): boolean {
    const first = this.firstCounts.get(topic);
    return first !== undefined && partition >= first;
  }

  /** @param asked the topics that were asked for; null for all */
  public update(response: MetadataResponse, asked: readonly string[] | null, now: number): MetadataChange {
    const before = this.snapshot();
    this.updatedTime = now;
    if (response.brokers.length > 0) this.brokers = response.brokers;
    let leaders = false;
    const told = new Map(response.topics.map((topic) => [topic.name, topic]));
    for (const topic of told.values()) if (this.take(topic, asked === null)) leaders = true;
    for (const name of new Set(asked ?? [...this.names, ...this.topics.keys()])) if (!told.has(name)) this.absent(name);
    if (asked === null) this.hasSeenAll = true;
    return { leaders, topics: this.snapshot() !== before, isIncomplete: this.isIncomplete() };
  }

  /** @returns whether the leader that another answer has named is news */
  public updateLeader(topic: string, partition: number, leader: PartitionLeader): boolean {
    return this.topics.get(topic)?.updateLeader(partition, leader) ?? false;
  }

  /** @returns whether a leader has changed */
  private take(topic: TopicMetadata, ofAll: boolean): boolean {
    const { name, errorCode } = topic;
    if (ofAll && !this.isWanted(name, topic.isInternal)) return false;
    this.noteFirstCount(topic, ofAll);
    if (REFUSED.has(errorCode)) {
      this.refusals.set(name, new BrokerResponseError(errorCode, { topic: name, api: 'Metadata' }));
      return false;
    }
    if (errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) this.absent(name);
    if (errorCode !== 0) return false;
    this.refusals.delete(name);
    const known = this.topics.get(name) ?? new KnownTopic(name, topic.isInternal);
    this.topics.set(name, known);
    const { leaders, isAnother } = known.update(topic);
    if (isAnother) this.firstCounts.set(name, 0);
    return leaders;
  }

  private noteFirstCount({ name, errorCode, partitions }: TopicMetadata, ofAll: boolean): void {
    if (this.firstCounts.has(name)) return;
    // Among all topics one that was not there the last time has been made since.
    const isNew = ofAll && this.hasSeenAll && !this.names.includes(name);
    if (isNew || NOT_THERE.has(errorCode)) this.firstCounts.set(name, 0);
    else if (errorCode === 0) this.firstCounts.set(name, partitions.length);
  }

  private absent(name: string): void {
    if (this.names.includes(name) && !this.firstCounts.has(name)) this.firstCounts.set(name, 0);
    const known = this.topics.get(name);
    if (known !== undefined && ++known.absences >= ABSENCES_OF_DELETED) this.topics.delete(name);
  }

  private isWanted(name: string, isInternal: boolean): boolean {
    return (!isInternal && this.matches(name)) || this.names.includes(name) || this.groupTopics.includes(name);
  }

  private matches(name: string): boolean {
    return this.patterns.some((pattern) => pattern.test(name));
  }

  private forgetUnwanted(): void {
    for (const { name, isInternal } of this.topics.values()) {
      if (!this.isWanted(name, isInternal)) this.topics.delete(name);
    }
    for (const name of this.firstCounts.keys()) if (!this.isWanted(name, false)) this.firstCounts.delete(name);
  }

  private isIncomplete(): boolean {
    if (this.names.some((name) => !this.topics.has(name) && !this.refusals.has(name))) return true;
    for (const topic of this.topics.values()) if (topic.absences > 0 || topic.lacksLeader) return true;
    return false;
  }

  /** What the group's assignment rests on, as text to compare. */
  private snapshot(): string {
    const names = new Set([...this.subscription, ...this.groupTopics]);
    return [...names].map((name) => `${name}=${this.topics.get(name)?.identity ?? ''}`).join();
  }
}
