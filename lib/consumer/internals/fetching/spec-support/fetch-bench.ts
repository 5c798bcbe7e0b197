import type { BrokerConnection } from '../../../../wire/broker-connection.js';
import type { ClusterLink } from '../../../../wire/cluster-link.js';
import type { TopicMetadata } from '../../../../wire/cluster-metadata.js';
import { BrokerConnectionError } from '../../../../wire/connection-errors.js';
import type { FetchPartitionResponse, FetchRequest, FetchResponse } from '../../../../wire/protocol/fetch.js';
import { silentLog } from '../../../../wire/log-sink.js';
import { until } from '../../../../wire/spec-support/until.js';
import { batchBytes } from '../../../../wire/spec-support/batch-bytes.js';
import type { ConsumerConfig } from '../../../consumer-config.js';
import type { AssignedPartition } from '../../../consumer-engine-api.js';
import { consumerConfigOf } from '../../../spec-support/consumer-config-of.js';
import { ConsumerMetadata } from '../../metadata/consumer-metadata.js';
import type { CommittedOffset, GroupOffset, GroupOffsets } from '../../offsets/group-offsets.js';
import type { LeaderOffsets, OffsetQuery } from '../../offsets/leader-offsets.js';
import { Fetcher } from '../fetcher.js';

export const MEMBERSHIP = { groupId: 'g', generationId: 4, memberId: 'm', groupInstanceId: null };

const CONFIG = consumerConfigOf({
  clientId: 'c',
  groupId: 'g',
  autoOffsetReset: 'earliest',
  allowAutoCreateTopics: false,
  requestTimeoutMs: 10_000,
  defaultApiTimeoutMs: 10_000,
  retryBackoffMs: 20,
  retryBackoffMaxMs: 40,
  reconnectBackoffMs: 20,
  reconnectBackoffMaxMs: 40,
});

/** A Fetch request that waits for the test's answer. */
export interface OpenFetch {
  readonly nodeId: number;
  readonly request: FetchRequest;
  /** `t-0@5 t-1@0`: partitions and offsets. */
  readonly summary: string;
  /** By partition of topic t; what is left out has nothing new. */
  answer(
    partitions: Readonly<Record<number, Partial<FetchPartitionResponse>>>,
    response?: Partial<FetchResponse>,
  ): void;
  fail(error?: Error): void;
}

/** A fetcher over connections and offsets in memory: topic t with as many partitions as leaders are given. */
export class FetchBench {
  public readonly metadata = new ConsumerMetadata();
  public readonly open: OpenFetch[] = [];
  public readonly sent: OpenFetch[] = [];
  public readonly records: string[] = [];
  public readonly troubles: (string | null)[] = [];
  public readonly fatal: Error[] = [];
  public readonly disconnected: number[] = [];
  /** Brokers that refuse connections. */
  public readonly down = new Set<number>();
  public readonly commits: (readonly GroupOffset[])[] = [];
  /** By partition; -1n where none is given. */
  public readonly committed = new Map<number, CommittedOffset>();
  public logRange: readonly [start: bigint, end: bigint] = [0n, 100n];
  public metadataRequests = 0;
  public onCommit: () => Promise<void> = () => Promise.resolve();
  public onRecords: (partition: AssignedPartition) => void = () => undefined;
  public readonly fetcher: Fetcher;

  public constructor(
    private leaders: readonly number[],
    config: Partial<ConsumerConfig> = {},
  ) {
    this.metadata.subscribe(['t']);
    this.lead(leaders);
    this.fetcher = new Fetcher({
      config: { ...CONFIG, ...config },
      metadata: this.metadata,
      updater: { request: () => this.metadataRequests++ },
      groupOffsets: this.groupOffsets(),
      leaderOffsets: this.leaderOffsets(),
      log: silentLog,
      openLink: () => this.link(),
      onRecords: (partition, records, nextOffset) => {
        this.records.push(...records.map(({ value }) => `${partition.partition}:${String(value)}`));
        if (records.length === 0) this.records.push(`${partition.partition}:-${nextOffset}`);
        this.onRecords(partition);
      },
      onTrouble: (error) => this.troubles.push(error?.message ?? null),
      onFatal: (error) => this.fatal.push(error),
    });
  }

  /** What metadata says from now on; -1 for no leader. */
  public lead(leaders: readonly number[], leaderEpoch = 0): void {
    this.leaders = leaders;
    const topic: TopicMetadata = {
      name: 't',
      topicId: null,
      errorCode: 0,
      isInternal: false,
      partitions: leaders.map((leaderId, partition) => ({
        partition,
        leaderId,
        leaderEpoch,
        replicas: [1, 2],
        isr: [1, 2],
        offlineReplicas: [],
        errorCode: 0,
      })),
    };
    const brokers = [1, 2].map((nodeId) => ({ nodeId, host: 'h', port: nodeId, rack: null }));
    const response = { throttleTimeMs: 0, brokers, clusterId: null, controllerId: 1, topics: [topic] };
    this.metadata.update(response, ['t'], Date.now());
  }

  /** Assigns all partitions. */
  public assign(): readonly AssignedPartition[] {
    return this.fetcher.assign(this.leaders.map((_, partition) => ({ topic: 't', partition, membership: MEMBERSHIP })));
  }

  /** The next request to a broker, when it comes. */
  public async next(nodeId = 1): Promise<OpenFetch> {
    await until(() => this.open.some((fetch) => fetch.nodeId === nodeId));
    const [found] = this.open.splice(
      this.open.findIndex((fetch) => fetch.nodeId === nodeId),
      1,
    );
    if (found === undefined) throw new Error('There is no request');
    return found;
  }

  private groupOffsets(): GroupOffsets {
    const offsets: Pick<GroupOffsets, 'lookUp' | 'commit'> = {
      lookUp: (partitions) => Promise.resolve(partitions.map(({ partition }) => this.committed.get(partition) ?? -1n)),
      commit: async (offsets_) => {
        this.commits.push(offsets_);
        await this.onCommit();
      },
    };
    return offsets as GroupOffsets;
  }

  private leaderOffsets(): LeaderOffsets {
    const offsets: Pick<LeaderOffsets, 'ask'> = {
      ask: (_, queries: readonly OffsetQuery[]) =>
        Promise.resolve(queries.map(({ timestamp }) => this.logRange[timestamp === -2n ? 0 : 1])),
    };
    return offsets as LeaderOffsets;
  }

  private link(): ClusterLink {
    const link: Pick<ClusterLink, 'ready' | 'openConnection' | 'disconnect' | 'updateBrokers' | 'close'> & {
      lastConnectFailure: Error;
      connectedBrokers: number;
    } = {
      lastConnectFailure: new BrokerConnectionError('refused'),
      connectedBrokers: 0,
      ready: (nodeId) => (this.down.has(nodeId) ? 10 : 0),
      openConnection: (nodeId) => (this.down.has(nodeId) ? null : this.connection(nodeId)),
      disconnect: (nodeId, error) => {
        this.disconnected.push(nodeId);
        for (const fetch of this.open.splice(0)) if (fetch.nodeId === nodeId) fetch.fail(error);
      },
      updateBrokers: () => undefined,
      close: () => Promise.resolve(),
    };
    return link as unknown as ClusterLink;
  }

  private connection(nodeId: number): BrokerConnection {
    const send = (_: unknown, request: FetchRequest): Promise<FetchResponse> =>
      new Promise((resolve, reject) => {
        const fetch: OpenFetch = {
          nodeId,
          request,
          summary: request.topics
            .flatMap(({ name, partitions }) => partitions.map((p) => `${name}-${p.index}@${p.fetchOffset}`))
            .join(' '),
          answer: (partitions, response = {}) => resolve({ ...answerTo(request, partitions), ...response }),
          fail: (error = new BrokerConnectionError('The connection was lost.')) => reject(error),
        };
        this.open.push(fetch);
        this.sent.push(fetch);
      });
    return { send } as unknown as BrokerConnection;
  }
}

/** What a fetch brings: values from an offset on. */
export function values(from: number, ...texts: string[]): Partial<FetchPartitionResponse> {
  const end = BigInt(from + texts.length);
  const records = batchBytes({ baseOffset: from, records: texts.map((value) => ({ value })) });
  return { records, highWatermark: end, lastStableOffset: end };
}

function answerTo(
  { topics }: FetchRequest,
  answers: Readonly<Record<number, Partial<FetchPartitionResponse>>>,
): FetchResponse {
  return {
    throttleTimeMs: 0,
    errorCode: 0,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ index, fetchOffset }) => ({
        index,
        errorCode: 0,
        highWatermark: fetchOffset,
        lastStableOffset: fetchOffset,
        logStartOffset: 0n,
        abortedTransactions: [],
        preferredReadReplica: -1,
        currentLeader: null,
        records: Buffer.alloc(0),
        ...answers[index],
      })),
    })),
  };
}
