import type { ApiDefinition } from './api-definition.js';
import { assertVersionSpoken } from './api-definition.js';
import { decodeTopicErrors, type TopicErrorsResponse } from './partition-errors.js';
import { ProtocolWriter } from './protocol-writer.js';

/** How far one partition has been consumed. */
export interface TxnOffsetCommitPartition {
  readonly index: number;
  /** The next offset to read. */
  readonly offset: bigint;
  /** The leader epoch of the last record consumed, or -1 where it is not known. Not carried before version 2. */
  readonly leaderEpoch: number;
  /** Anything the client wants to keep with the offset. */
  readonly metadata: string | null;
}

/** The offsets of one topic's partitions. */
export interface TxnOffsetCommitTopic {
  readonly name: string;
  readonly partitions: readonly TxnOffsetCommitPartition[];
}

/** A TxnOffsetCommit request (API key 28), to the coordinator of the group, not of the transaction. */
export interface TxnOffsetCommitRequest {
  readonly transactionalId: string;
  readonly groupId: string;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /**
   * The generation in which the records were fetched (KIP-447), or -1. With -1 and an empty member id, and before version 3, which
   * carries none of the three group fields, the offsets of a consumer that has lost its partitions are taken all the same.
   */
  readonly generationId: number;
  /** The member id that belongs to the generation, or empty. */
  readonly memberId: string;
  /** Set for a static member (KIP-345). */
  readonly groupInstanceId: string | null;
  readonly topics: readonly TxnOffsetCommitTopic[];
}

/** A TxnOffsetCommit response. */
export type TxnOffsetCommitResponse = TopicErrorsResponse;

/**
 * TxnOffsetCommit: offsets that are committed if the transaction is (KIP-98). Group and member are verified from version 3 on
 * (KIP-447). Version 5 adds the group to the transaction by itself, and may be used only where `transaction.version` is 2 or more
 * (KIP-890). Every version tells a fenced producer by 47 INVALID_PRODUCER_EPOCH.
 */
export const txnOffsetCommitApi = {
  key: 28,
  name: 'TxnOffsetCommit',
  minVersion: 0,
  maxVersion: 5,
  firstFlexibleVersion: 3,
  encodeRequest(version: number, request: TxnOffsetCommitRequest): Buffer[] {
    assertVersionSpoken(txnOffsetCommitApi, version);
    const writer = new ProtocolWriter();
    if (version >= 3) writeFlexibleRequest(writer, request);
    else writePlainRequest(writer, request, version);
    return [writer.toBuffer()];
  },
  decodeResponse(version: number, body: Buffer): TxnOffsetCommitResponse {
    assertVersionSpoken(txnOffsetCommitApi, version);
    return decodeTopicErrors(body, `TxnOffsetCommit v${version} response`, version >= 3);
  },
} satisfies ApiDefinition<TxnOffsetCommitRequest, TxnOffsetCommitResponse>;

function writePlainRequest(writer: ProtocolWriter, request: TxnOffsetCommitRequest, version: number): void {
  const writePartition = ({ index, offset, leaderEpoch, metadata }: TxnOffsetCommitPartition): void => {
    writer.int32(index).int64(offset);
    if (version >= 2) writer.int32(leaderEpoch);
    writer.nullableString(metadata);
  };
  writer.string(request.transactionalId).string(request.groupId);
  writer.int64(request.producerId).int16(request.producerEpoch);
  writer.array(request.topics, ({ name, partitions }) => writer.string(name).array(partitions, writePartition));
}

function writeFlexibleRequest(writer: ProtocolWriter, request: TxnOffsetCommitRequest): void {
  const writePartition = ({ index, offset, leaderEpoch, metadata }: TxnOffsetCommitPartition): void => {
    writer.int32(index).int64(offset).int32(leaderEpoch).compactNullableString(metadata).noTags();
  };
  writer.compactString(request.transactionalId).compactString(request.groupId);
  writer.int64(request.producerId).int16(request.producerEpoch);
  writer.int32(request.generationId).compactString(request.memberId).compactNullableString(request.groupInstanceId);
  writer.compactArray(request.topics, ({ name, partitions }) => {
    writer.compactString(name).compactArray(partitions, writePartition).noTags();
  });
  writer.noTags();
}
