import type { ApiDefinition } from './api-definition.js';
import { assertVersionSpoken } from './api-definition.js';
import { ProtocolReader } from './protocol-reader.js';
import { ProtocolWriter } from './protocol-writer.js';

/** Instead of a timestamp: the end of the log, or with read_committed the last stable offset. */
export const LATEST_TIMESTAMP = -1n;
/** Instead of a timestamp: the first offset that is still there. */
export const EARLIEST_TIMESTAMP = -2n;

/** What is asked of one partition. */
export interface ListOffsetsPartitionRequest {
  readonly index: number;
  /** The leader epoch that the client knows (KIP-320), or -1. Not carried before version 4. */
  readonly currentLeaderEpoch: number;
  /** Milliseconds since the epoch, `LATEST_TIMESTAMP` or `EARLIEST_TIMESTAMP`. */
  readonly timestamp: bigint;
}

/** The partitions of one topic in a ListOffsets request. */
export interface ListOffsetsTopicRequest {
  readonly name: string;
  readonly partitions: readonly ListOffsetsPartitionRequest[];
}

/** A ListOffsets request (API key 2), to the leader of all its partitions. */
export interface ListOffsetsRequest {
  /** 0 read_uncommitted, 1 read_committed. Not carried before version 2. */
  readonly isolationLevel: number;
  readonly topics: readonly ListOffsetsTopicRequest[];
}

/** What a leader says about one partition. */
export interface ListOffsetsPartitionResponse {
  readonly index: number;
  readonly errorCode: number;
  /** Of the record found, or -1. */
  readonly timestamp: bigint;
  /** -1 when no record is that young. */
  readonly offset: bigint;
  /** -1 where it is not known, and before version 4. */
  readonly leaderEpoch: number;
}

/** The partitions of one topic in a ListOffsets response. */
export interface ListOffsetsTopicResponse {
  readonly name: string;
  readonly partitions: readonly ListOffsetsPartitionResponse[];
}

/** A ListOffsets response. */
export interface ListOffsetsResponse {
  readonly throttleTimeMs: number;
  readonly topics: readonly ListOffsetsTopicResponse[];
}

const CONSUMER = -1;

/** ListOffsets: offsets by time (KIP-79). */
export const listOffsetsApi = {
  key: 2,
  name: 'ListOffsets',
  minVersion: 1,
  maxVersion: 7,
  firstFlexibleVersion: 6,
  encodeRequest(version: number, request: ListOffsetsRequest): Buffer[] {
    assertVersionSpoken(listOffsetsApi, version);
    const writer = new ProtocolWriter().int32(CONSUMER);
    if (version >= 2) writer.int8(request.isolationLevel);
    if (version >= 6) writeFlexibleTopics(writer, request.topics);
    else writePlainTopics(writer, request.topics, version);
    return [writer.toBuffer()];
  },
  decodeResponse(version: number, body: Buffer): ListOffsetsResponse {
    assertVersionSpoken(listOffsetsApi, version);
    const reader = new ProtocolReader(body, `ListOffsets v${version} response`);
    const throttleTimeMs = version >= 2 ? reader.int32() : 0;
    const topics = version >= 6 ? reader.compactArray(readFlexibleTopic) : readPlainTopics(reader, version);
    if (version >= 6) reader.skipTags();
    reader.expectEnd();
    return { throttleTimeMs, topics };
  },
} satisfies ApiDefinition<ListOffsetsRequest, ListOffsetsResponse>;

function writePlainTopics(writer: ProtocolWriter, topics: readonly ListOffsetsTopicRequest[], version: number): void {
  writer.array(topics, ({ name, partitions }) => {
    writer.string(name).array(partitions, ({ index, currentLeaderEpoch, timestamp }) => {
      writer.int32(index);
      if (version >= 4) writer.int32(currentLeaderEpoch);
      writer.int64(timestamp);
    });
  });
}

function writeFlexibleTopics(writer: ProtocolWriter, topics: readonly ListOffsetsTopicRequest[]): void {
  writer.compactArray(topics, ({ name, partitions }) => {
    writer.compactString(name).compactArray(partitions, ({ index, currentLeaderEpoch, timestamp }) => {
      writer.int32(index).int32(currentLeaderEpoch).int64(timestamp).noTags();
    });
    writer.noTags();
  });
  writer.noTags();
}

function readPlainTopics(reader: ProtocolReader, version: number): ListOffsetsTopicResponse[] {
  return reader.array(() => ({
    name: reader.string(),
    partitions: reader.array(() => readPartition(reader, version >= 4)),
  }));
}

function readFlexibleTopic(reader: ProtocolReader): ListOffsetsTopicResponse {
  const name = reader.compactString();
  const partitions = reader.compactArray(() => {
    const partition = readPartition(reader, true);
    reader.skipTags();
    return partition;
  });
  reader.skipTags();
  return { name, partitions };
}

function readPartition(reader: ProtocolReader, hasLeaderEpoch: boolean): ListOffsetsPartitionResponse {
  return {
    index: reader.int32(),
    errorCode: reader.int16(),
    timestamp: reader.int64(),
    offset: reader.int64(),
    leaderEpoch: hasLeaderEpoch ? reader.int32() : -1,
  };
}
