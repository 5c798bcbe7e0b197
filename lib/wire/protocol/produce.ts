import type { BrokerAddress } from '../cluster-metadata.js';
import type { ApiDefinition } from './api-definition.js';
import { assertVersionSpoken } from './api-definition.js';
import { ProtocolReader } from './protocol-reader.js';
import { ProtocolWriter } from './protocol-writer.js';

/** One partition's record batch in a Produce request. */
export interface ProducePartitionData {
  readonly index: number;
  /** Exactly one record batch, as the builder made it. */
  readonly records: Buffer;
}

/** A topic's batches in a Produce request. */
export interface ProduceTopicData {
  readonly name: string;
  readonly partitions: readonly ProducePartitionData[];
}

/**
 * A Produce request (API key 0). A partition may occur once only: of two batches for one partition the broker drops one and
 * answers as if both were stored.
 */
export interface ProduceRequest {
  readonly transactionalId: string | null;
  /** -1 all in-sync replicas, 1 the leader, 0 none: then no answer comes at all. */
  readonly acks: number;
  /** How long the leader waits for its followers with acks -1. */
  readonly timeoutMs: number;
  readonly topics: readonly ProduceTopicData[];
}

/** Why one record of a refused batch was refused (KIP-467). */
export interface ProduceRecordError {
  /** Position of the record in its batch. */
  readonly index: number;
  readonly message: string | null;
}

/** The leader that a broker which is no longer one names instead (KIP-951). */
export interface CurrentLeader {
  readonly leaderId: number;
  readonly leaderEpoch: number;
}

/** A broker's answer for one partition of a Produce request. */
export interface ProducePartitionResponse {
  readonly index: number;
  readonly errorCode: number;
  /** Offset of the batch's first record; -1 with most errors, but set with 7 REQUEST_TIMED_OUT, where the batch was appended. */
  readonly baseOffset: bigint;
  /** The broker's time where the topic uses LogAppendTime, else -1. */
  readonly logAppendTime: number;
  /** First offset of the partition's log; -1 before version 5 and with an error. */
  readonly logStartOffset: bigint;
  readonly recordErrors: readonly ProduceRecordError[];
  readonly errorMessage: string | null;
  /** Only from version 10, with errors 6 and 74; null else. */
  readonly currentLeader: CurrentLeader | null;
}

/** The partitions of one topic in a Produce response. */
export interface ProduceTopicResponse {
  readonly name: string;
  readonly partitions: readonly ProducePartitionResponse[];
}

/** A Produce response. Topics and partitions come in any order, not in the request's. */
export interface ProduceResponse {
  readonly throttleTimeMs: number;
  readonly topics: readonly ProduceTopicResponse[];
  /** Addresses of the leaders named in `currentLeader`; empty before version 10. */
  readonly nodeEndpoints: readonly BrokerAddress[];
}

const TAG_CURRENT_LEADER = 0;
const TAG_NODE_ENDPOINTS = 0;
const NO_ERRORS: readonly ProduceRecordError[] = [];

/** Produce. zstd needs version 7; per-record errors come from version 8, leader hints from version 10. */
export const produceApi = {
  key: 0,
  name: 'Produce',
  minVersion: 3,
  maxVersion: 12,
  firstFlexibleVersion: 9,
  /** Record buffers are handed on as they are, not copied: every other piece is what stands between them. */
  encodeRequest(version: number, request: ProduceRequest): Buffer[] {
    assertVersionSpoken(produceApi, version);
    const flexible = version >= 9;
    const writer = new ProtocolWriter(512);
    const cuts: { readonly at: number; readonly records: Buffer }[] = [];
    const writePartition = (partition: ProducePartitionData): void => {
      writer.int32(partition.index);
      if (flexible) writer.uvarint(partition.records.length + 1);
      else writer.int32(partition.records.length);
      cuts.push({ at: writer.length, records: partition.records });
      if (flexible) writer.noTags();
    };

    if (flexible) writer.compactNullableString(request.transactionalId);
    else writer.nullableString(request.transactionalId);
    writer.int16(request.acks).int32(request.timeoutMs);
    if (flexible) {
      writer.compactArray(request.topics, (topic) => {
        writer.compactString(topic.name).compactArray(topic.partitions, writePartition).noTags();
      });
      writer.noTags();
    } else {
      writer.array(request.topics, (topic) => {
        writer.string(topic.name).array(topic.partitions, writePartition);
      });
    }
    return weave(writer.toBuffer(), cuts);
  },
  decodeResponse(version: number, body: Buffer): ProduceResponse {
    assertVersionSpoken(produceApi, version);
    const reader = new ProtocolReader(body, `Produce v${version} response`);
    return version >= 9 ? readFlexibleResponse(reader, version) : readPlainResponse(reader, version);
  },
} satisfies ApiDefinition<ProduceRequest, ProduceResponse>;

function weave(frame: Buffer, cuts: readonly { readonly at: number; readonly records: Buffer }[]): Buffer[] {
  const chunks: Buffer[] = [];
  let from = 0;
  for (const { at, records } of cuts) {
    chunks.push(frame.subarray(from, at), records);
    from = at;
  }
  if (from < frame.length) chunks.push(frame.subarray(from));
  return chunks;
}

function readPlainResponse(reader: ProtocolReader, version: number): ProduceResponse {
  const topics = reader.array((topicReader) => ({
    name: topicReader.string(),
    partitions: topicReader.array((partitionReader) => readPlainPartition(partitionReader, version)),
  }));
  const throttleTimeMs = reader.int32();
  reader.expectEnd();
  return { throttleTimeMs, topics, nodeEndpoints: [] };
}

function readPlainPartition(reader: ProtocolReader, version: number): ProducePartitionResponse {
  return {
    index: reader.int32(),
    errorCode: reader.int16(),
    baseOffset: reader.int64(),
    logAppendTime: reader.int64AsNumber(),
    logStartOffset: version >= 5 ? reader.int64() : -1n,
    recordErrors: version >= 8 ? reader.array(readRecordError) : NO_ERRORS,
    errorMessage: version >= 8 ? reader.nullableString() : null,
    currentLeader: null,
  };
}

function readFlexibleResponse(reader: ProtocolReader, version: number): ProduceResponse {
  const topics = reader.compactArray((topicReader) => {
    const name = topicReader.compactString();
    const partitions = topicReader.compactArray((partitionReader) => readFlexiblePartition(partitionReader, version));
    topicReader.skipTags();
    return { name, partitions };
  });
  const throttleTimeMs = reader.int32();
  const endpoints = reader.tags().get(TAG_NODE_ENDPOINTS);
  reader.expectEnd();
  const nodeEndpoints = version < 10 || endpoints === undefined ? [] : readNodeEndpoints(reader.nested(endpoints));
  return { throttleTimeMs, topics, nodeEndpoints };
}

function readFlexiblePartition(reader: ProtocolReader, version: number): ProducePartitionResponse {
  const partition = {
    index: reader.int32(),
    errorCode: reader.int16(),
    baseOffset: reader.int64(),
    logAppendTime: reader.int64AsNumber(),
    logStartOffset: reader.int64(),
    recordErrors: reader.compactArray(readFlexibleRecordError),
    errorMessage: reader.compactNullableString(),
  };
  const leader = reader.tags().get(TAG_CURRENT_LEADER);
  const currentLeader = version < 10 || leader === undefined ? null : readCurrentLeader(reader.nested(leader));
  return { ...partition, currentLeader };
}

function readRecordError(reader: ProtocolReader): ProduceRecordError {
  return { index: reader.int32(), message: reader.nullableString() };
}

function readFlexibleRecordError(reader: ProtocolReader): ProduceRecordError {
  const error = { index: reader.int32(), message: reader.compactNullableString() };
  reader.skipTags();
  return error;
}

/** Null also when the broker does not know the leader either and says -1. */
function readCurrentLeader(reader: ProtocolReader): CurrentLeader | null {
  const leader = { leaderId: reader.int32(), leaderEpoch: reader.int32() };
  reader.skipTags();
  reader.expectEnd();
  return leader.leaderId < 0 ? null : leader;
}

function readNodeEndpoints(reader: ProtocolReader): BrokerAddress[] {
  const endpoints = reader.compactArray((element) => {
    const endpoint = {
      nodeId: element.int32(),
      host: element.compactString(),
      port: element.int32(),
      rack: element.compactNullableString(),
    };
    element.skipTags();
    return endpoint;
  });
  reader.expectEnd();
  return endpoints;
}
