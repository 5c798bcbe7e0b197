import type { BrokerAddress, MetadataResponse, PartitionMetadata, TopicMetadata } from '../cluster-metadata.js';
import type { ApiDefinition } from './api-definition.js';
import { assertVersionSpoken } from './api-definition.js';
import { ProtocolReader } from './protocol-reader.js';
import { ProtocolWriter } from './protocol-writer.js';

/** A Metadata request (API key 3). */
export interface MetadataRequest {
  /** The topics to tell about; null for all, none for the brokers only. */
  readonly topics: readonly string[] | null;
  /** Whether the broker may create missing topics, if it is set up to (`auto.create.topics.enable`). */
  readonly allowAutoTopicCreation: boolean;
}

const NO_TOPIC_ID = Buffer.alloc(16);

/** Metadata: brokers, and topics with their partitions' leaders. Topic ids and authorized operations are not asked for. */
export const metadataApi = {
  key: 3,
  name: 'Metadata',
  minVersion: 4,
  maxVersion: 12,
  firstFlexibleVersion: 9,
  encodeRequest(version: number, request: MetadataRequest): Buffer[] {
    assertVersionSpoken(metadataApi, version);
    const flexible = version >= 9;
    const writer = new ProtocolWriter();
    if (flexible) {
      writer.compactNullableArray(request.topics, (name) => {
        if (version >= 10) writer.raw(NO_TOPIC_ID);
        writer.compactString(name).noTags();
      });
    } else {
      writer.nullableArray(request.topics, (name) => writer.string(name));
    }
    writer.boolean(request.allowAutoTopicCreation);
    if (hasClusterOperations(version)) writer.boolean(false);
    if (version >= 8) writer.boolean(false);
    if (flexible) writer.noTags();
    return [writer.toBuffer()];
  },
  decodeResponse(version: number, body: Buffer): MetadataResponse {
    assertVersionSpoken(metadataApi, version);
    const reader = new ProtocolReader(body, `Metadata v${version} response`);
    const flexible = version >= 9;
    const throttleTimeMs = reader.int32();
    const brokers = flexible ? reader.compactArray(readFlexibleBroker) : reader.array(readBroker);
    const clusterId = flexible ? reader.compactNullableString() : reader.nullableString();
    const controllerId = reader.int32();
    const readVersionedTopic = (element: ProtocolReader): TopicMetadata => readTopic(element, version);
    const topics = flexible ? reader.compactArray(readVersionedTopic) : reader.array(readVersionedTopic);
    if (hasClusterOperations(version)) reader.int32();
    if (flexible) reader.skipTags();
    reader.expectEnd();
    return { throttleTimeMs, brokers, clusterId, controllerId, topics };
  },
} satisfies ApiDefinition<MetadataRequest, MetadataResponse>;

/** The cluster's authorized operations were in versions 8 to 10 only, then moved to DescribeCluster (KIP-700). */
function hasClusterOperations(version: number): boolean {
  return version >= 8 && version <= 10;
}

function readBroker(reader: ProtocolReader): BrokerAddress {
  return { nodeId: reader.int32(), host: reader.string(), port: readPort(reader), rack: reader.nullableString() };
}

function readFlexibleBroker(reader: ProtocolReader): BrokerAddress {
  const broker = {
    nodeId: reader.int32(),
    host: reader.compactString(),
    port: readPort(reader),
    rack: reader.compactNullableString(),
  };
  reader.skipTags();
  return broker;
}

function readPort(reader: ProtocolReader): number {
  const port = reader.int32();
  if (port < 0 || port > 0xffff) reader.fail(`a broker's port is ${port}`);
  return port;
}

function readTopic(reader: ProtocolReader, version: number): TopicMetadata {
  const flexible = version >= 9;
  const errorCode = reader.int16();
  const name = flexible ? reader.compactString() : reader.string();
  const topicId = version >= 10 ? reader.view(16).toString('hex') : null;
  const isInternal = reader.boolean();
  const readVersionedPartition = (element: ProtocolReader): PartitionMetadata => readPartition(element, version);
  const partitions = flexible ? reader.compactArray(readVersionedPartition) : reader.array(readVersionedPartition);
  if (version >= 8) reader.int32();
  if (flexible) reader.skipTags();
  return { name, topicId, errorCode, isInternal, partitions };
}

function readPartition(reader: ProtocolReader, version: number): PartitionMetadata {
  const flexible = version >= 9;
  const readNodes = (): number[] => (flexible ? reader.compactArray(readNode) : reader.array(readNode));
  const errorCode = reader.int16();
  const partition = reader.int32();
  if (partition < 0) reader.fail(`a partition's index is ${partition}`);
  const leaderId = reader.int32();
  const leaderEpoch = version >= 7 ? reader.int32() : -1;
  const replicas = readNodes();
  const isr = readNodes();
  const offlineReplicas = version >= 5 ? readNodes() : [];
  if (flexible) reader.skipTags();
  return { partition, leaderId, leaderEpoch, replicas, isr, offlineReplicas, errorCode };
}

function readNode(reader: ProtocolReader): number {
  return reader.int32();
}
