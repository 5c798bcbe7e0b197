import type { MetadataResponse } from '../../wire/cluster-metadata.js';
import { KafkaError } from '../../wire/kafka-error.js';
import type { ProtocolReader } from '../../wire/protocol/protocol-reader.js';
import { ProtocolWriter } from '../../wire/protocol/protocol-writer.js';
import type { BrokerClient } from './broker-client.js';

/** What a reader may see: everything up to the high watermark, or committed records up to the last stable offset. */
export type Isolation = 'read_uncommitted' | 'read_committed';

/** What a coordinator looks after: the members and offsets of a group, or the transactions of a transactional id. */
export type CoordinatorType = 'group' | 'transaction';

export interface FetchedPartition {
  readonly errorCode: number;
  /** First offsets of transactions that were aborted, by producer id. */
  readonly abortedTransactions: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[];
  readonly records: Buffer;
}

/** Answers that end once leaders are elected or a restarted broker has caught up. */
const TEMPORARY_ERRORS: ReadonlySet<number> = new Set([3, 5, 6, 7, 8, 9, 56, 74, 75, 76, 78, 100, 103]);
const FETCH_WAIT_MS = 250;

export function brokerError(code: number, topic: string, partition: number): KafkaError {
  return new KafkaError(`Broker answered error ${code} for ${topic}-${partition}.`, {
    retriable: TEMPORARY_ERRORS.has(code),
    topic,
    partition,
  });
}

/** Metadata v5 as this broker sees it; `topics` null means all topics. */
export async function fetchMetadata(
  client: BrokerClient,
  topics: readonly string[] | null,
  timeoutMs: number,
): Promise<MetadataResponse> {
  const request = new ProtocolWriter().nullableArray(topics, (topic, writer) => writer.string(topic)).boolean(false);
  const reader = await client.request(3, 5, request, timeoutMs);
  return {
    throttleTimeMs: reader.int32(),
    brokers: reader.array((r) => ({ nodeId: r.int32(), host: r.string(), port: r.int32(), rack: r.nullableString() })),
    clusterId: reader.nullableString(),
    controllerId: reader.int32(),
    topics: reader.array((r) => ({
      errorCode: r.int16(),
      name: r.string(),
      topicId: null,
      isInternal: r.boolean(),
      partitions: r.array((p) => ({
        errorCode: p.int16(),
        partition: p.int32(),
        leaderId: p.int32(),
        leaderEpoch: -1,
        replicas: p.array(int32),
        isr: p.array(int32),
        offlineReplicas: p.array(int32),
      })),
    })),
  };
}

/** FindCoordinator v1; the error code is 0 once the coordinator's internal topic exists and has a leader. */
export async function findCoordinator(
  client: BrokerClient,
  key: string,
  type: CoordinatorType,
  timeoutMs: number,
): Promise<{ readonly errorCode: number; readonly nodeId: number }> {
  const request = new ProtocolWriter().string(key).int8(type === 'group' ? 0 : 1);
  const reader = await client.request(10, 1, request, timeoutMs);
  reader.int32();
  const errorCode = reader.int16();
  reader.nullableString();
  return { errorCode, nodeId: reader.int32() };
}

/** InitProducerId v1 without a transactional id: the error code, 0 once this broker hands out producer ids. */
export async function initProducerId(client: BrokerClient, timeoutMs: number): Promise<number> {
  const request = new ProtocolWriter().nullableString(null).int32(60_000);
  const reader = await client.request(22, 1, request, timeoutMs);
  reader.int32();
  return reader.int16();
}

/** ListOffsets v2: the first offset, or the one behind the last record visible at this isolation. */
export async function listOffset(
  client: BrokerClient,
  target: { readonly topic: string; readonly partition: number },
  which: 'earliest' | 'latest',
  isolation: Isolation,
  timeoutMs: number,
): Promise<bigint> {
  const { topic, partition } = target;
  const request = new ProtocolWriter()
    .int32(-1)
    .int8(isolationLevel(isolation))
    .array([topic], (name, writer) =>
      writer.string(name).array([partition], (index, w) => w.int32(index).int64(which === 'latest' ? -1n : -2n)),
    );
  const reader = await client.request(2, 2, request, timeoutMs);
  reader.int32();
  const [answer] = reader.array((r) => {
    r.string();
    return r.array((p) => {
      const answered = { partition: p.int32(), errorCode: p.int16(), timestamp: p.int64() };
      return { ...answered, offset: p.int64() };
    });
  });
  const found = answer?.[0];
  if (found === undefined) throw new KafkaError(`The broker said nothing about ${topic}-${partition}.`);
  if (found.errorCode !== 0) throw brokerError(found.errorCode, topic, partition);
  return found.offset;
}

/** Fetch v4 of one partition. */
export async function fetchPartition(
  client: BrokerClient,
  target: { readonly topic: string; readonly partition: number; readonly offset: bigint; readonly maxBytes: number },
  isolation: Isolation,
  timeoutMs: number,
): Promise<FetchedPartition> {
  const { topic, partition, offset, maxBytes } = target;
  const request = new ProtocolWriter()
    .int32(-1)
    .int32(FETCH_WAIT_MS)
    .int32(1)
    .int32(maxBytes)
    .int8(isolationLevel(isolation))
    .array([topic], (name, writer) =>
      writer.string(name).array([partition], (index, w) => w.int32(index).int64(offset).int32(maxBytes)),
    );
  const reader = await client.request(1, 4, request, timeoutMs + FETCH_WAIT_MS);
  reader.int32();
  const [answer] = reader.array((r) => {
    r.string();
    return r.array(readFetchedPartition);
  });
  const fetched = answer?.[0];
  if (fetched === undefined) throw new KafkaError(`The broker said nothing about ${topic}-${partition}.`);
  if (fetched.errorCode !== 0) throw brokerError(fetched.errorCode, topic, partition);
  return fetched;
}

function readFetchedPartition(reader: ProtocolReader): FetchedPartition {
  reader.int32();
  const errorCode = reader.int16();
  reader.skip(16); // high watermark, last stable offset
  const aborted = reader.nullableArray((r) => ({ producerId: r.int64(), firstOffset: r.int64() }));
  const records = reader.nullableBytes();
  return { errorCode, abortedTransactions: aborted ?? [], records: records ?? Buffer.alloc(0) };
}

function isolationLevel(isolation: Isolation): number {
  return isolation === 'read_committed' ? 1 : 0;
}

function int32(reader: ProtocolReader): number {
  return reader.int32();
}
