import type { ApiDefinition } from './api-definition.js';
import { assertVersionSpoken } from './api-definition.js';
import { ProtocolReader } from './protocol-reader.js';
import { ProtocolWriter } from './protocol-writer.js';

/** Where to read one partition. */
export interface FetchPartitionRequest {
  readonly index: number;
  /** The leader epoch that the client knows (KIP-320), or -1. Not carried before version 9. */
  readonly currentLeaderEpoch: number;
  readonly fetchOffset: bigint;
  /** A batch larger than this comes whole, if it is the first one of the answer. */
  readonly maxBytes: number;
}

/** The partitions of one topic in a Fetch request. */
export interface FetchTopicRequest {
  readonly name: string;
  readonly partitions: readonly FetchPartitionRequest[];
}

/** A Fetch request (API key 1) without a fetch session: every request names all its partitions. */
export interface FetchRequest {
  /** How long the broker may wait for `minBytes`. */
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  /** 0 read_uncommitted, 1 read_committed. */
  readonly isolationLevel: number;
  readonly topics: readonly FetchTopicRequest[];
  /** Where the client stands (KIP-392); empty for nowhere. Not carried before version 11. */
  readonly rackId: string;
}

/** A transaction that was aborted and reaches into the fetched range. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

/** What came of one partition. */
export interface FetchPartitionResponse {
  readonly index: number;
  readonly errorCode: number;
  readonly highWatermark: bigint;
  /** With read_committed nothing at or above it is given. */
  readonly lastStableOffset: bigint;
  /** -1 before version 5. */
  readonly logStartOffset: bigint;
  /** In the order of their abort markers, not of their first offsets. */
  readonly abortedTransactions: readonly AbortedTransaction[];
  /** A replica that is nearer (KIP-392), or -1. */
  readonly preferredReadReplica: number;
  /** Who leads the partition, with errors that say that this broker does not (version 12); null where it is not told. */
  readonly currentLeader: { readonly leaderId: number; readonly leaderEpoch: number } | null;
  /** Record batches, the last one perhaps cut off; a view into the response. */
  readonly records: Buffer;
}

/** The partitions of one topic in a Fetch response. */
export interface FetchTopicResponse {
  readonly name: string;
  readonly partitions: readonly FetchPartitionResponse[];
}

/** A Fetch response. */
export interface FetchResponse {
  readonly throttleTimeMs: number;
  /** Of the whole request; 0 before version 7. */
  readonly errorCode: number;
  readonly topics: readonly FetchTopicResponse[];
}

const CONSUMER = -1;
/** A session id of 0 with this epoch asks for a full answer without a session (KIP-227). */
const NO_SESSION_EPOCH = -1;
const TAG_CURRENT_LEADER = 1;
const NO_RECORDS = Buffer.alloc(0);

/**
 * Fetch. zstd needs version 10. A version below 12 is as good: its flexible form only adds hints about new leaders. From version 13 on topics are named by ids.
 */
export const fetchApi = {
  key: 1,
  name: 'Fetch',
  minVersion: 4,
  maxVersion: 12,
  firstFlexibleVersion: 12,
  encodeRequest(version: number, request: FetchRequest): Buffer[] {
    assertVersionSpoken(fetchApi, version);
    const writer = new ProtocolWriter(512);
    writer.int32(CONSUMER).int32(request.maxWaitMs).int32(request.minBytes).int32(request.maxBytes);
    writer.int8(request.isolationLevel);
    if (version >= 7) writer.int32(0).int32(NO_SESSION_EPOCH);
    if (version >= 12) writeFlexibleTopics(writer, request);
    else writePlainTopics(writer, request, version);
    return [writer.toBuffer()];
  },
  decodeResponse(version: number, body: Buffer): FetchResponse {
    assertVersionSpoken(fetchApi, version);
    const reader = new ProtocolReader(body, `Fetch v${version} response`);
    const throttleTimeMs = reader.int32();
    const errorCode = version >= 7 ? reader.int16() : 0;
    if (version >= 7) reader.skip(4);
    const topics =
      version >= 12 ? reader.compactArray(readFlexibleTopic) : reader.array((topic) => readPlainTopic(topic, version));
    if (version >= 12) reader.skipTags();
    reader.expectEnd();
    return { throttleTimeMs, errorCode, topics };
  },
} satisfies ApiDefinition<FetchRequest, FetchResponse>;

function writePlainTopics(writer: ProtocolWriter, { topics, rackId }: FetchRequest, version: number): void {
  writer.array(topics, ({ name, partitions }) => {
    writer.string(name).array(partitions, ({ index, currentLeaderEpoch, fetchOffset, maxBytes }) => {
      writer.int32(index);
      if (version >= 9) writer.int32(currentLeaderEpoch);
      writer.int64(fetchOffset);
      if (version >= 5) writer.int64(-1n);
      writer.int32(maxBytes);
    });
  });
  if (version >= 7) writer.int32(0);
  if (version >= 11) writer.string(rackId);
}

function writeFlexibleTopics(writer: ProtocolWriter, { topics, rackId }: FetchRequest): void {
  writer.compactArray(topics, ({ name, partitions }) => {
    writer.compactString(name).compactArray(partitions, ({ index, currentLeaderEpoch, fetchOffset, maxBytes }) => {
      // Last fetched epoch and log start offset are for followers.
      writer.int32(index).int32(currentLeaderEpoch).int64(fetchOffset).int32(-1).int64(-1n).int32(maxBytes).noTags();
    });
    writer.noTags();
  });
  writer
    .compactArray([], () => undefined)
    .compactString(rackId)
    .noTags();
}

function readPlainTopic(reader: ProtocolReader, version: number): FetchTopicResponse {
  const name = reader.string();
  const partitions = reader.array(() => ({
    index: reader.int32(),
    errorCode: reader.int16(),
    highWatermark: reader.int64(),
    lastStableOffset: reader.int64(),
    logStartOffset: version >= 5 ? reader.int64() : -1n,
    abortedTransactions: reader.nullableArray(readAborted) ?? [],
    preferredReadReplica: version >= 11 ? reader.int32() : -1,
    currentLeader: null,
    records: reader.nullableBytes() ?? NO_RECORDS,
  }));
  return { name, partitions };
}

function readFlexibleTopic(reader: ProtocolReader): FetchTopicResponse {
  const name = reader.compactString();
  const partitions = reader.compactArray(readFlexiblePartition);
  reader.skipTags();
  return { name, partitions };
}

function readFlexiblePartition(reader: ProtocolReader): FetchPartitionResponse {
  const partition = {
    index: reader.int32(),
    errorCode: reader.int16(),
    highWatermark: reader.int64(),
    lastStableOffset: reader.int64(),
    logStartOffset: reader.int64(),
    abortedTransactions: reader.compactNullableArray(readFlexibleAborted) ?? [],
    preferredReadReplica: reader.int32(),
    records: reader.compactNullableBytes() ?? NO_RECORDS,
  };
  const leader = reader.tags().get(TAG_CURRENT_LEADER);
  return { ...partition, currentLeader: leader === undefined ? null : readCurrentLeader(reader.nested(leader)) };
}

function readAborted(reader: ProtocolReader): AbortedTransaction {
  return { producerId: reader.int64(), firstOffset: reader.int64() };
}

function readFlexibleAborted(reader: ProtocolReader): AbortedTransaction {
  const aborted = readAborted(reader);
  reader.skipTags();
  return aborted;
}

/** Null also when the broker does not know the leader either and says -1. */
function readCurrentLeader(reader: ProtocolReader): { leaderId: number; leaderEpoch: number } | null {
  const leader = { leaderId: reader.int32(), leaderEpoch: reader.int32() };
  reader.skipTags();
  reader.expectEnd();
  return leader.leaderId < 0 ? null : leader;
}
