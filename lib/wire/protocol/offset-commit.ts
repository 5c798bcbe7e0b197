import type { ApiDefinition } from './api-definition.js';
import { assertVersionSpoken } from './api-definition.js';
import { decodeTopicErrors, type TopicErrorsResponse } from './partition-errors.js';
import { ProtocolWriter } from './protocol-writer.js';

/** How far one partition has been consumed. */
export interface OffsetCommitPartition {
  readonly index: number;
  /** The next offset to read. */
  readonly offset: bigint;
  /** The leader epoch of the last record consumed, or -1 where it is not known. Not carried before version 6. */
  readonly leaderEpoch: number;
  /** Anything the client wants to keep with the offset. */
  readonly metadata: string | null;
}

/** The offsets of one topic's partitions. */
export interface OffsetCommitTopic {
  readonly name: string;
  readonly partitions: readonly OffsetCommitPartition[];
}

/** An OffsetCommit request (API key 8), to the coordinator of the group. */
export interface OffsetCommitRequest {
  readonly groupId: string;
  /** Offsets of a former generation are refused; -1 with an empty member id for a client outside of the group. */
  readonly generationId: number;
  readonly memberId: string;
  /** Set for a static member (KIP-345). Not carried before version 7. */
  readonly groupInstanceId: string | null;
  readonly topics: readonly OffsetCommitTopic[];
}

/** An OffsetCommit response. */
export type OffsetCommitResponse = TopicErrorsResponse;

/** The broker keeps offsets as long as `offsets.retention.minutes` says. */
const DEFAULT_RETENTION = -1n;
const FIRST_WITH_THROTTLE_TIME = 3;
const NO_THROTTLE_TIME = Buffer.alloc(4);

/** OffsetCommit: how far a group has consumed. */
export const offsetCommitApi = {
  key: 8,
  name: 'OffsetCommit',
  minVersion: 2,
  maxVersion: 9,
  firstFlexibleVersion: 8,
  encodeRequest(version: number, request: OffsetCommitRequest): Buffer[] {
    assertVersionSpoken(offsetCommitApi, version);
    const writer = new ProtocolWriter();
    if (version >= 8) writeFlexibleRequest(writer, request);
    else writePlainRequest(writer, request, version);
    return [writer.toBuffer()];
  },
  decodeResponse(version: number, body: Buffer): OffsetCommitResponse {
    assertVersionSpoken(offsetCommitApi, version);
    const bytes = version >= FIRST_WITH_THROTTLE_TIME ? body : Buffer.concat([NO_THROTTLE_TIME, body]);
    return decodeTopicErrors(bytes, `OffsetCommit v${version} response`, version >= 8);
  },
} satisfies ApiDefinition<OffsetCommitRequest, OffsetCommitResponse>;

function writePlainRequest(writer: ProtocolWriter, request: OffsetCommitRequest, version: number): void {
  writer.string(request.groupId).int32(request.generationId).string(request.memberId);
  if (version >= 7) writer.nullableString(request.groupInstanceId);
  if (version <= 4) writer.int64(DEFAULT_RETENTION);
  writer.array(request.topics, ({ name, partitions }) => {
    writer.string(name).array(partitions, ({ index, offset, leaderEpoch, metadata }) => {
      writer.int32(index).int64(offset);
      if (version >= 6) writer.int32(leaderEpoch);
      writer.nullableString(metadata);
    });
  });
}

function writeFlexibleRequest(writer: ProtocolWriter, request: OffsetCommitRequest): void {
  writer.compactString(request.groupId).int32(request.generationId).compactString(request.memberId);
  writer.compactNullableString(request.groupInstanceId);
  writer.compactArray(request.topics, ({ name, partitions }) => {
    writer.compactString(name).compactArray(partitions, ({ index, offset, leaderEpoch, metadata }) => {
      writer.int32(index).int64(offset).int32(leaderEpoch).compactNullableString(metadata).noTags();
    });
    writer.noTags();
  });
  writer.noTags();
}
