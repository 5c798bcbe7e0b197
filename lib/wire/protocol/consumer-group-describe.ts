import type { ApiDefinition } from './api-definition.js';
import { assertVersionSpoken } from './api-definition.js';
import { ProtocolReader } from './protocol-reader.js';
import { ProtocolWriter } from './protocol-writer.js';

/** A ConsumerGroupDescribe request (API key 69), to the coordinator of all these groups. */
export interface ConsumerGroupDescribeRequest {
  readonly groups: readonly string[];
}

/** The partitions of one topic that a member has. */
export interface AssignedTopicPartitions {
  readonly topic: string;
  readonly partitions: readonly number[];
}

/** A member of a group of the consumer protocol. */
export interface ConsumerGroupMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly assignment: readonly AssignedTopicPartitions[];
}

/** A group whose assignment the broker decides (KIP-848). */
export interface DescribedConsumerGroup {
  /** 69 GROUP_ID_NOT_FOUND also for a group of the classic protocol. */
  readonly errorCode: number;
  readonly groupId: string;
  readonly state: string;
  readonly assignorName: string;
  readonly members: readonly ConsumerGroupMember[];
}

/** A ConsumerGroupDescribe response. */
export interface ConsumerGroupDescribeResponse {
  readonly throttleTimeMs: number;
  readonly groups: readonly DescribedConsumerGroup[];
}

/** ConsumerGroupDescribe: members of groups of the new protocol (KIP-848); Kafka 3.7 or newer. */
export const consumerGroupDescribeApi = {
  key: 69,
  name: 'ConsumerGroupDescribe',
  minVersion: 0,
  maxVersion: 1,
  firstFlexibleVersion: 0,
  encodeRequest(version: number, { groups }: ConsumerGroupDescribeRequest): Buffer[] {
    assertVersionSpoken(consumerGroupDescribeApi, version);
    const writer = new ProtocolWriter(64);
    writer
      .compactArray(groups, (group) => writer.compactString(group))
      .boolean(false)
      .noTags();
    return [writer.toBuffer()];
  },
  decodeResponse(version: number, body: Buffer): ConsumerGroupDescribeResponse {
    assertVersionSpoken(consumerGroupDescribeApi, version);
    const reader = new ProtocolReader(body, `ConsumerGroupDescribe v${version} response`);
    const throttleTimeMs = reader.int32();
    const groups = reader.compactArray((element) => readGroup(element, version));
    reader.skipTags();
    reader.expectEnd();
    return { throttleTimeMs, groups };
  },
} satisfies ApiDefinition<ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse>;

function readGroup(reader: ProtocolReader, version: number): DescribedConsumerGroup {
  const errorCode = reader.int16();
  reader.compactNullableString();
  const groupId = reader.compactString();
  const state = reader.compactString();
  // The epochs of the group and of its assignment.
  reader.skip(8);
  const assignorName = reader.compactString();
  const members = reader.compactArray(() => readMember(reader, version));
  reader.int32();
  reader.skipTags();
  return { errorCode, groupId, state, assignorName, members };
}

function readMember(reader: ProtocolReader, version: number): ConsumerGroupMember {
  const memberId = reader.compactString();
  const instanceId = reader.compactNullableString();
  // The rack and the member's epoch.
  reader.compactNullableString();
  reader.int32();
  const clientId = reader.compactString();
  const clientHost = reader.compactString();
  // Its subscription, by names and by expression.
  reader.compactArray((element) => element.compactString());
  reader.compactNullableString();
  const assignment = readAssignment(reader);
  readAssignment(reader);
  if (version >= 1) reader.int8();
  reader.skipTags();
  return { memberId, instanceId, clientId, clientHost, assignment };
}

function readAssignment(reader: ProtocolReader): AssignedTopicPartitions[] {
  const topics = reader.compactArray(() => {
    reader.skip(16);
    const topic = { topic: reader.compactString(), partitions: reader.compactArray((element) => element.int32()) };
    reader.skipTags();
    return topic;
  });
  reader.skipTags();
  return topics;
}
