import type { ByteReader } from '../byte-reader.js';
import { ByteWriter } from '../byte-writer.js';
import { isFlexible } from '../kafka-api.js';
import type { KafkaFrame } from '../kafka-frame.js';
import type { ErrorAnswer, ErrorRequest, ErrorTarget } from './error-answer.js';
import { hits } from './error-answer.js';
import type { PartitionEntry, TopicEntry, TopicSection } from './topic-section.js';
import { readTopicSection, writeTopicSection } from './topic-section.js';

/** The version-dependent parts of an API whose request and response both list partitions by topic name. */
export interface PartitionedLayout {
  readonly versions: readonly [number, number];
  /** Whether the broker may be asked for the partitions that are not refused. */
  readonly divisible: boolean;
  /** Code for the partitions that are not the target, where the whole request is answered without the broker. */
  readonly otherCode: (errorCode: number) => number;
  requestBefore(reader: ByteReader, version: number): void;
  requestPartition(reader: ByteReader, version: number): number;
  readonly throttleFirst: boolean;
  responsePartition(reader: ByteReader, version: number): number;
  writeResponsePartition(writer: ByteWriter, version: number, index: number, errorCode: number): void;
}

const NO_BYTES = Buffer.alloc(0);
const THROTTLE_BYTES = 4;

/** Error answers of an API whose request and response both list partitions by topic name. */
export function partitionedErrorAnswer(layout: PartitionedLayout): ErrorAnswer {
  const flexibleOf = (request: KafkaFrame) => isFlexible(request.apiKey, request.apiVersion);

  const readRequestTopics = (request: KafkaFrame): TopicSection =>
    readTopicSection(
      request.body,
      {
        before: (reader) => layout.requestBefore(reader, request.apiVersion),
        topicHead: (reader) => reader.string(flexibleOf(request)),
        partition: (reader) => layout.requestPartition(reader, request.apiVersion),
        topicTail: (reader) => reader.skipTags(flexibleOf(request)),
      },
      flexibleOf(request),
    );

  const readResponseTopics = (request: KafkaFrame, body: Buffer): TopicSection =>
    readTopicSection(
      body,
      {
        before: (reader) => reader.skip(layout.throttleFirst ? THROTTLE_BYTES : 0),
        topicHead: (reader) => reader.string(flexibleOf(request)),
        partition: (reader) => layout.responsePartition(reader, request.apiVersion),
        topicTail: (reader) => reader.skipTags(flexibleOf(request)),
      },
      flexibleOf(request),
    );

  const errorEntry = (request: KafkaFrame, index: number, errorCode: number): PartitionEntry => {
    const writer = new ByteWriter();
    layout.writeResponsePartition(writer, request.apiVersion, index, errorCode);
    return { index, bytes: writer.toBuffer() };
  };

  const errorTopic = (request: KafkaFrame, name: string | null, partitions: PartitionEntry[]): TopicEntry => ({
    name,
    head: new ByteWriter().string(name, flexibleOf(request)).toBuffer(),
    partitions,
    tail: new ByteWriter().tags(flexibleOf(request)).toBuffer(),
  });

  return {
    versions: layout.versions,
    targets: 'partitions',

    concerns: (request, target) =>
      readRequestTopics(request).topics.some(({ name, partitions }) =>
        partitions.some(({ index }) => hits(target, name, index)),
      ),

    answer({ request, errorCode, target }: ErrorRequest): Buffer[] {
      const topics = readRequestTopics(request).topics.map(({ name, partitions }) => {
        const codeOf = (index: number) => (hits(target, name, index) ? errorCode : layout.otherCode(errorCode));
        return errorTopic(
          request,
          name,
          partitions.map(({ index }) => errorEntry(request, index, codeOf(index))),
        );
      });
      const throttle = new ByteWriter().int32(0).toBuffer();
      const tags = new ByteWriter().tags(flexibleOf(request)).toBuffer();
      const before = layout.throttleFirst ? throttle : NO_BYTES;
      const after = layout.throttleFirst ? tags : Buffer.concat([throttle, tags]);
      return writeTopicSection({ before, topics, after }, flexibleOf(request));
    },

    merge({ request, errorCode, target }: ErrorRequest, responseBody: Buffer): Buffer[] {
      const section = readResponseTopics(request, responseBody);
      const answered = new Map<string | null, TopicEntry>(section.topics.map((topic) => [topic.name, topic]));
      for (const { name, partitions } of readRequestTopics(request).topics) {
        const refused = partitions.filter(({ index }) => hits(target, name, index)).map(({ index }) => index);
        if (refused.length === 0) continue;
        const topic = answered.get(name) ?? errorTopic(request, name, []);
        const kept = topic.partitions.filter(({ index }) => !refused.includes(index));
        const errors = refused.map((index) => errorEntry(request, index, errorCode));
        answered.set(name, { ...topic, partitions: [...kept, ...errors] });
      }
      return writeTopicSection({ ...section, topics: [...answered.values()] }, flexibleOf(request));
    },

    ...(layout.divisible && {
      withoutTarget(request: KafkaFrame, target: ErrorTarget): Buffer[] | undefined {
        const section = readRequestTopics(request);
        const topics = section.topics
          .map((topic) => ({
            ...topic,
            partitions: topic.partitions.filter(({ index }) => !hits(target, topic.name, index)),
          }))
          .filter(({ partitions }) => partitions.length > 0);
        return topics.length === 0 ? undefined : writeTopicSection({ ...section, topics }, flexibleOf(request));
      },
    }),
  };
}
