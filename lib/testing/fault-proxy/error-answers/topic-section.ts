import { ByteReader } from '../byte-reader.js';
import { ByteWriter } from '../byte-writer.js';

export interface PartitionEntry {
  readonly index: number;
  /** The whole entry, as it stood. */
  readonly bytes: Buffer;
}

export interface TopicEntry {
  readonly name: string | null;
  /** From the entry's beginning to the number of partitions. */
  readonly head: Buffer;
  readonly partitions: readonly PartitionEntry[];
  /** From the last partition to the entry's end. */
  readonly tail: Buffer;
}

/** A message body taken apart around its array of topics with their partitions; every buffer is a view, nothing is copied. */
export interface TopicSection {
  readonly before: Buffer;
  readonly topics: readonly TopicEntry[];
  readonly after: Buffer;
}

/** How to step over the parts of a body; each function leaves the reader behind what it names. */
export interface TopicLayout {
  before(reader: ByteReader): void;
  /** Returns the topic's name. */
  topicHead(reader: ByteReader): string | null;
  /** Returns the partition's index; steps over the entry's own tag section too. */
  partition(reader: ByteReader): number;
  topicTail(reader: ByteReader): void;
}

export function readTopicSection(body: Buffer, layout: TopicLayout, flexible: boolean): TopicSection {
  const reader = new ByteReader(body);
  layout.before(reader);
  const before = reader.slice(0);
  const count = reader.arrayLength(flexible);
  const topics: TopicEntry[] = [];
  for (let i = 0; i < count; i += 1) topics.push(readTopic(reader, layout, flexible));
  return { before, topics, after: reader.rest() };
}

function readTopic(reader: ByteReader, layout: TopicLayout, flexible: boolean): TopicEntry {
  const start = reader.offset;
  const name = layout.topicHead(reader);
  const head = reader.slice(start);
  const count = reader.arrayLength(flexible);
  const partitions: PartitionEntry[] = [];
  for (let i = 0; i < count; i += 1) {
    const entryStart = reader.offset;
    const index = layout.partition(reader);
    partitions.push({ index, bytes: reader.slice(entryStart) });
  }
  const tailStart = reader.offset;
  layout.topicTail(reader);
  return { name, head, partitions, tail: reader.slice(tailStart) };
}

/** Puts a body together again; the views go out as they are. */
export function writeTopicSection(section: TopicSection, flexible: boolean): Buffer[] {
  const chunks = [section.before, arrayLength(section.topics.length, flexible)];
  for (const topic of section.topics) {
    chunks.push(topic.head, arrayLength(topic.partitions.length, flexible));
    for (const partition of topic.partitions) chunks.push(partition.bytes);
    chunks.push(topic.tail);
  }
  return [...chunks, section.after];
}

function arrayLength(length: number, flexible: boolean): Buffer {
  return new ByteWriter().arrayLength(length, flexible).toBuffer();
}
