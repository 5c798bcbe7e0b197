import type { ConsumedRecord } from '../../consumed-record.js';
import type { KafkaConsumerMetrics } from '../../consumer-metrics.js';
import type { AssignedPartition } from '../../consumer-engine-api.js';
import type { PartitionSelection } from '../../container/handler-pauses.js';
import type { ListenerContainerApi, ListenerHandle } from '../../container/listener-container-api.js';
import type { ListenerContainerRequest } from '../../container/listener-container-factory.js';
import type { HandlerCall, ListenerDefinition } from '../../listener-definition.js';

/** What a test sends to the listeners of a container. */
export interface FakeRecord {
  readonly key?: string | Buffer | null;
  /** Objects are sent as JSON. */
  readonly value?: unknown;
  readonly headers?: Readonly<Record<string, string | Buffer>>;
  readonly offset?: bigint;
}

/** What a handler has done with its call. */
export interface FakeOutcome {
  readonly acks: number;
  readonly nacks: readonly number[];
}

/** Takes the place of a group: the test hands records to its listeners. */
export class FakeContainer implements ListenerContainerApi {
  public readonly groupId: string;
  public readonly listeners: readonly ListenerHandle[];
  public readonly log: string[] = [];
  public startError: Error | null = null;
  /** What was asked for, in order. */
  public readonly pauses: string[] = [];
  public readonly seeks: string[] = [];
  /** Triggers `signal` of every call. */
  public readonly abort = new AbortController();
  private nextOffset = 0n;

  public constructor(public readonly request: ListenerContainerRequest) {
    this.groupId = request.groupId;
    this.listeners = request.listeners.map((definition) => this.handleOf(definition));
  }

  public start(): Promise<void> {
    this.log.push('start');
    return this.startError === null ? Promise.resolve() : Promise.reject(this.startError);
  }

  public close(timeoutMs: number): Promise<void> {
    this.log.push(`close ${timeoutMs}`);
    return Promise.resolve();
  }

  public status(): ReturnType<ListenerContainerApi['status']> {
    return {
      state: 'stable',
      unstableMs: 0,
      missingTopics: [],
      troubledMs: 0,
      generationId: 1,
      memberId: 'm',
      assigned: [this.partition('orders', 0), this.partition('orders', 1), this.partition('other', 0)],
      connectedBrokers: 1,
      lastError: null,
      coordinatorSilentMs: 0,
    };
  }

  public pausePartitions(selections: readonly PartitionSelection[]): void {
    this.pauses.push(...selections.map((selection) => `pause ${describe(selection)}`));
  }

  public resumePartitions(selections: readonly PartitionSelection[]): void {
    this.pauses.push(...selections.map((selection) => `resume ${describe(selection)}`));
  }

  public metrics(): KafkaConsumerMetrics {
    const { groupId } = this;
    return {
      listeners: this.listeners.map(({ id: listenerId }) => ({
        listenerId,
        groupId,
        clientId: 'c',
        metrics: { 'records-consumed-total': 7 },
        partitions: [],
      })),
      groups: [{ groupId, clientId: 'c', metrics: { 'fetch-total': 3 } }],
    };
  }

  /** To all listeners of the topic, one record each. Rejects with what the first of them failed with. */
  public async deliver(topic: string, record: FakeRecord = {}, attempt = 1): Promise<FakeOutcome> {
    return this.deliverBatch(topic, [record], attempt);
  }

  /** Several records in one call. */
  public async deliverBatch(topic: string, records: readonly FakeRecord[], attempt = 1): Promise<FakeOutcome> {
    const readers = this.request.listeners.filter(({ topics }) =>
      topics.some((candidate) => (typeof candidate === 'string' ? candidate === topic : candidate.test(topic))),
    );
    if (readers.length === 0) throw new Error(`no listener reads ${topic}`);
    const outcome = { acks: 0, nacks: [] as number[] };
    const call: HandlerCall = {
      partition: this.partition(topic, 0),
      records: records.map((record) => this.consumed(topic, record)),
      attempt,
      signal: this.abort.signal,
      ack: () => void outcome.acks++,
      nack: (delayMs) => void outcome.nacks.push(delayMs),
    };
    await Promise.all(readers.map(({ handler }) => handler(call)));
    return outcome;
  }

  private consumed(topic: string, { headers = {}, key, offset, value }: FakeRecord): ConsumedRecord {
    return {
      topic,
      partition: 0,
      offset: offset ?? this.nextOffset++,
      timestamp: 1_700_000_000_000,
      timestampType: 'CreateTime',
      leaderEpoch: 0,
      key: key === undefined || key === null ? null : Buffer.from(key as string),
      value: bytesOf(value),
      headers: Object.entries(headers).map(([name, text]) => ({ key: name, value: Buffer.from(text as string) })),
      sizeInBytes: 1,
    };
  }

  private partition(topic: string, partition: number): AssignedPartition {
    return {
      topic,
      partition,
      membership: { groupId: this.groupId, generationId: 1, memberId: 'm', groupInstanceId: null },
      isAssigned: true,
      position: 0n,
      endOffset: 0n,
      pause: () => undefined,
      resume: () => undefined,
      seek: () => undefined,
    };
  }

  private handleOf({ groupId, id }: ListenerDefinition): ListenerHandle {
    return {
      id,
      status: () => ({
        listenerId: id,
        groupId,
        topics: [],
        state: 'running',
        error: null,
        hasJoined: true,
        oldestCallMs: 0,
        partitions: [],
      }),
      pause: () => undefined,
      resume: () => undefined,
      seek: (target, partitions = []) => {
        this.seeks.push(
          `${typeof target === 'object' ? `time ${Number(target.timestamp)}` : target} ${partitions.map(({ partition, topic }) => `${topic}-${partition}`).join()}`,
        );
        return Promise.resolve();
      },
      start: () => Promise.resolve(),
      stop: () => Promise.resolve(),
    };
  }
}

function describe({ partitions, topic }: PartitionSelection): string {
  return `${topic} ${partitions?.join() ?? 'all'}`;
}

function bytesOf(value: unknown): Buffer | null {
  if (value === null || value === undefined) return null;
  return Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value));
}
