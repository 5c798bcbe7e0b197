import type { ApiDefinition } from './api-definition.js';
import { assertVersionSpoken } from './api-definition.js';
import { ProtocolReader } from './protocol-reader.js';
import { ProtocolWriter } from './protocol-writer.js';

/** The partitions of one topic whose offsets are asked for. */
export interface OffsetFetchTopicRequest {
  readonly name: string;
  readonly partitions: readonly number[];
}

/** An OffsetFetch request (API key 9), to the coordinator of the group. */
export interface OffsetFetchRequest {
  readonly groupId: string;
  /** null for everything that the group has committed; not before version 2. */
  readonly topics: readonly OffsetFetchTopicRequest[] | null;
  /**
   * Refuses to tell an offset that a transaction is about to replace, with UNSTABLE_OFFSET_COMMIT (KIP-447). Not carried before version 7 (Kafka 2.5), which
   * tells the former one.
   */
  readonly requireStable: boolean;
}

/** How far the group has come in one partition. */
export interface CommittedPartition {
  readonly index: number;
  /** -1 where nothing is committed. */
  readonly offset: bigint;
  /** -1 where it is not known, and before version 5. */
  readonly leaderEpoch: number;
  readonly metadata: string | null;
  readonly errorCode: number;
}

/** The committed offsets of one topic. */
export interface OffsetFetchTopicResponse {
  readonly name: string;
  readonly partitions: readonly CommittedPartition[];
}

/** An OffsetFetch response. */
export interface OffsetFetchResponse {
  readonly throttleTimeMs: number;
  readonly topics: readonly OffsetFetchTopicResponse[];
  /** Of the whole request; 0 in version 1, where each partition tells it. */
  readonly errorCode: number;
}

/** OffsetFetch: how far a group has consumed. */
export const offsetFetchApi = {
  key: 9,
  name: 'OffsetFetch',
  minVersion: 1,
  maxVersion: 7,
  firstFlexibleVersion: 6,
  encodeRequest(version: number, request: OffsetFetchRequest): Buffer[] {
    assertVersionSpoken(offsetFetchApi, version);
    const writer = new ProtocolWriter();
    if (version < 6) {
      writer.string(request.groupId).nullableArray(request.topics, ({ name, partitions }) => {
        writer.string(name).array(partitions, (index) => writer.int32(index));
      });
      return [writer.toBuffer()];
    }
    writer.compactString(request.groupId).compactNullableArray(request.topics, ({ name, partitions }) => {
      writer
        .compactString(name)
        .compactArray(partitions, (index) => writer.int32(index))
        .noTags();
    });
    if (version >= 7) writer.boolean(request.requireStable);
    return [writer.noTags().toBuffer()];
  },
  decodeResponse(version: number, body: Buffer): OffsetFetchResponse {
    assertVersionSpoken(offsetFetchApi, version);
    const reader = new ProtocolReader(body, `OffsetFetch v${version} response`);
    const throttleTimeMs = version >= 3 ? reader.int32() : 0;
    const topics =
      version >= 6 ? reader.compactArray(readFlexibleTopic) : reader.array((topic) => readPlainTopic(topic, version));
    const errorCode = version >= 2 ? reader.int16() : 0;
    if (version >= 6) reader.skipTags();
    reader.expectEnd();
    return { throttleTimeMs, topics, errorCode };
  },
} satisfies ApiDefinition<OffsetFetchRequest, OffsetFetchResponse>;

function readPlainTopic(reader: ProtocolReader, version: number): OffsetFetchTopicResponse {
  const name = reader.string();
  const partitions = reader.array(() => ({
    index: reader.int32(),
    offset: reader.int64(),
    leaderEpoch: version >= 5 ? reader.int32() : -1,
    metadata: reader.nullableString(),
    errorCode: reader.int16(),
  }));
  return { name, partitions };
}

function readFlexibleTopic(reader: ProtocolReader): OffsetFetchTopicResponse {
  const name = reader.compactString();
  const partitions = reader.compactArray(() => {
    const partition = {
      index: reader.int32(),
      offset: reader.int64(),
      leaderEpoch: reader.int32(),
      metadata: reader.compactNullableString(),
      errorCode: reader.int16(),
    };
    reader.skipTags();
    return partition;
  });
  reader.skipTags();
  return { name, partitions };
}
