import type { ApiDefinition } from './api-definition.js';
import { assertVersionSpoken } from './api-definition.js';
import { ProtocolReader } from './protocol-reader.js';
import { ProtocolWriter } from './protocol-writer.js';

/** On which brokers the replicas of a partition are to be; the first one leads. */
export interface ReplicaAssignment {
  readonly partition: number;
  readonly brokerIds: readonly number[];
}

/** A topic to create. */
export interface CreatableTopic {
  readonly name: string;
  /** -1 for the broker's default (Kafka 2.4 or newer), and where replicas are assigned. */
  readonly partitions: number;
  /** -1 as for the partitions. */
  readonly replicationFactor: number;
  /** Empty: the broker chooses. */
  readonly assignments: readonly ReplicaAssignment[];
  readonly configs: readonly { readonly name: string; readonly value: string | null }[];
}

/** A CreateTopics request (API key 19), to the controller. */
export interface CreateTopicsRequest {
  readonly topics: readonly CreatableTopic[];
  readonly timeoutMs: number;
  /** Checks everything and creates nothing. */
  readonly validateOnly: boolean;
}

/** What became of one topic. */
export interface CreatedTopic {
  readonly name: string;
  /** 36 TOPIC_ALREADY_EXISTS, 37 INVALID_PARTITIONS, 38 INVALID_REPLICATION_FACTOR, 40 INVALID_CONFIG and others. */
  readonly errorCode: number;
  readonly errorMessage: string | null;
  /** -1 with an error, and before version 5. */
  readonly partitions: number;
  /** -1 as for the partitions. */
  readonly replicationFactor: number;
}

/** A CreateTopics response. */
export interface CreateTopicsResponse {
  readonly throttleTimeMs: number;
  readonly topics: readonly CreatedTopic[];
}

/** CreateTopics: makes topics (KIP-4). The settings that a broker tells about in its answer are not kept. */
export const createTopicsApi = {
  key: 19,
  name: 'CreateTopics',
  minVersion: 2,
  maxVersion: 7,
  firstFlexibleVersion: 5,
  encodeRequest(version: number, request: CreateTopicsRequest): Buffer[] {
    assertVersionSpoken(createTopicsApi, version);
    const writer = new ProtocolWriter();
    if (version >= 5) {
      writer.compactArray(request.topics, (topic) => writeFlexibleTopic(writer, topic));
    } else {
      writer.array(request.topics, (topic) => writeTopic(writer, topic));
    }
    writer.int32(request.timeoutMs).boolean(request.validateOnly);
    if (version >= 5) writer.noTags();
    return [writer.toBuffer()];
  },
  decodeResponse(version: number, body: Buffer): CreateTopicsResponse {
    assertVersionSpoken(createTopicsApi, version);
    const reader = new ProtocolReader(body, `CreateTopics v${version} response`);
    const throttleTimeMs = reader.int32();
    const topics =
      version >= 5 ? reader.compactArray((element) => readFlexibleTopic(element, version)) : reader.array(readTopic);
    if (version >= 5) reader.skipTags();
    reader.expectEnd();
    return { throttleTimeMs, topics };
  },
} satisfies ApiDefinition<CreateTopicsRequest, CreateTopicsResponse>;

function writeTopic(writer: ProtocolWriter, topic: CreatableTopic): void {
  writer.string(topic.name).int32(topic.partitions).int16(topic.replicationFactor);
  writer.array(topic.assignments, ({ brokerIds, partition }) => {
    writer.int32(partition).array(brokerIds, (brokerId) => writer.int32(brokerId));
  });
  writer.array(topic.configs, ({ name, value }) => writer.string(name).nullableString(value));
}

function writeFlexibleTopic(writer: ProtocolWriter, topic: CreatableTopic): void {
  writer.compactString(topic.name).int32(topic.partitions).int16(topic.replicationFactor);
  writer.compactArray(topic.assignments, ({ brokerIds, partition }) => {
    writer.int32(partition).compactArray(brokerIds, (brokerId) => writer.int32(brokerId));
    writer.noTags();
  });
  writer.compactArray(topic.configs, ({ name, value }) => {
    writer.compactString(name).compactNullableString(value).noTags();
  });
  writer.noTags();
}

function readTopic(reader: ProtocolReader): CreatedTopic {
  return {
    name: reader.string(),
    errorCode: reader.int16(),
    errorMessage: reader.nullableString(),
    partitions: -1,
    replicationFactor: -1,
  };
}

function readFlexibleTopic(reader: ProtocolReader, version: number): CreatedTopic {
  const name = reader.compactString();
  if (version >= 7) reader.skip(16);
  const topic = {
    name,
    errorCode: reader.int16(),
    errorMessage: reader.compactNullableString(),
    partitions: reader.int32(),
    replicationFactor: reader.int16(),
  };
  reader.compactNullableArray(() => {
    reader.compactString();
    reader.compactNullableString();
    reader.skip(3);
    reader.skipTags();
  });
  reader.skipTags();
  return topic;
}
