import { ByteReader } from '../byte-reader.js';
import { ByteWriter } from '../byte-writer.js';
import type { KafkaFrame } from '../kafka-frame.js';
import type { ErrorAnswer, ErrorRequest, ErrorTarget } from './error-answer.js';
import { hits, hitsTopic } from './error-answer.js';
import type { TopicEntry, TopicLayout } from './topic-section.js';
import { readTopicSection, writeTopicSection } from './topic-section.js';

const FIRST_FLEXIBLE = 9;
const TOPIC_ID_BYTES = 16;
const NO_NODE = -1;
const UNKNOWN_OPERATIONS = -2147483648;

/** Names in the request; null where it asks for all topics. */
function requestedTopics(request: KafkaFrame): (string | null)[] | null {
  const flexible = request.apiVersion >= FIRST_FLEXIBLE;
  const reader = new ByteReader(request.body);
  const count = reader.arrayLength(flexible);
  if (count < 0) return null;
  const names: (string | null)[] = [];
  for (let i = 0; i < count; i += 1) {
    if (request.apiVersion >= 10) reader.skip(TOPIC_ID_BYTES);
    names.push(reader.string(flexible));
    reader.skipTags(flexible);
  }
  return names;
}

function responseLayout(version: number): TopicLayout {
  const flexible = version >= FIRST_FLEXIBLE;
  return {
    before(reader) {
      reader.int32();
      for (let left = reader.arrayLength(flexible); left > 0; left -= 1) {
        reader.int32();
        reader.string(flexible);
        reader.int32();
        reader.string(flexible);
        reader.skipTags(flexible);
      }
      reader.string(flexible);
      reader.int32();
    },
    topicHead(reader) {
      reader.int16();
      const name = reader.string(flexible);
      reader.skip((version >= 10 ? TOPIC_ID_BYTES : 0) + 1);
      return name;
    },
    partition(reader) {
      reader.int16();
      const index = reader.int32();
      reader.skip(version >= 7 ? 8 : 4);
      reader.skipInt32Array(flexible);
      reader.skipInt32Array(flexible);
      if (version >= 5) reader.skipInt32Array(flexible);
      reader.skipTags(flexible);
      return index;
    },
    topicTail(reader) {
      if (version >= 8) reader.int32();
      reader.skipTags(flexible);
    },
  };
}

/** A topic with an error has no partitions; a partition with an error has no leader. */
function withError(topic: TopicEntry, { request, errorCode, target }: ErrorRequest): TopicEntry {
  if (!hitsTopic(target, topic.name)) return topic;
  if (target.partition === undefined) {
    const head = Buffer.from(topic.head);
    head.writeInt16BE(errorCode, 0);
    return { ...topic, head, partitions: [] };
  }
  const partitions = topic.partitions.map((partition) => {
    if (!hits(target, topic.name, partition.index)) return partition;
    const bytes = Buffer.from(partition.bytes);
    bytes.writeInt16BE(errorCode, 0);
    bytes.writeInt32BE(NO_NODE, 6);
    if (request.apiVersion >= 7) bytes.writeInt32BE(NO_NODE, 10);
    return { ...partition, bytes };
  });
  return { ...topic, partitions };
}

/**
 * Metadata. Asking has no effect on the broker, so an error for one topic or partition always goes into the broker's own
 * answer; an error for everything is answered without it, with the proxied brokers and the topics that were asked for.
 */
export const metadataErrorAnswer: ErrorAnswer = {
  versions: [4, 12],
  targets: 'partitions',

  concerns: (request: KafkaFrame, target: ErrorTarget) =>
    requestedTopics(request)?.some((name) => hitsTopic(target, name)) ?? true,

  answer({ request, errorCode, brokers }: ErrorRequest): Buffer[] {
    const version = request.apiVersion;
    const flexible = version >= FIRST_FLEXIBLE;
    const writer = new ByteWriter().int32(0).arrayLength(brokers.length, flexible);
    for (const { nodeId, host, port } of brokers) {
      writer.int32(nodeId).string(host, flexible).int32(port).string(null, flexible).tags(flexible);
    }
    writer.string(null, flexible).int32(brokers[0]?.nodeId ?? NO_NODE);
    const topics = requestedTopics(request) ?? [];
    writer.arrayLength(topics.length, flexible);
    for (const name of topics) {
      writer.int16(errorCode).string(version >= 12 ? name : (name ?? ''), flexible);
      if (version >= 10) writer.append(Buffer.alloc(TOPIC_ID_BYTES));
      writer.int8(0).arrayLength(0, flexible);
      if (version >= 8) writer.int32(UNKNOWN_OPERATIONS);
      writer.tags(flexible);
    }
    if (version >= 8 && version <= 10) writer.int32(UNKNOWN_OPERATIONS);
    return [writer.tags(flexible).toBuffer()];
  },

  merge(error: ErrorRequest, responseBody: Buffer): Buffer[] {
    const version = error.request.apiVersion;
    const flexible = version >= FIRST_FLEXIBLE;
    const section = readTopicSection(responseBody, responseLayout(version), flexible);
    return writeTopicSection({ ...section, topics: section.topics.map((topic) => withError(topic, error)) }, flexible);
  },

  withoutTarget: (request: KafkaFrame) => [request.body],
};
