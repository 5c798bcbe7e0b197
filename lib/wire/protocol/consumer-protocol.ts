import { ProtocolReader } from './protocol-reader.js';
import { ProtocolWriter } from './protocol-writer.js';

/** The protocol type of groups of consumers. */
export const CONSUMER_PROTOCOL_TYPE = 'consumer';

/** Partitions of one topic. */
export interface ConsumerTopicPartitions {
  readonly topic: string;
  readonly partitions: readonly number[];
}

/** What a member tells the leader of its group (Kafka's `ConsumerProtocolSubscription`). */
export interface ConsumerSubscription {
  readonly topics: readonly string[];
  /** What the assignor wants to know beyond that. */
  readonly userData: Buffer | null;
  /** What the member still holds; none with an eager protocol, and before version 1. */
  readonly ownedPartitions: readonly ConsumerTopicPartitions[];
  /** In which generation it got them; -1 for none, and before version 2. */
  readonly generationId: number;
  /** null also before version 3. */
  readonly rackId: string | null;
}

/** What a member gets (Kafka's `ConsumerProtocolAssignment`). */
export interface ConsumerAssignment {
  readonly topicPartitions: readonly ConsumerTopicPartitions[];
  readonly userData: Buffer | null;
}

const SUBSCRIPTION_VERSION = 3;
const ASSIGNMENT_VERSION = 0;

/** Newer versions only append fields: every leader can read this one. */
export function encodeSubscription(subscription: ConsumerSubscription, version = SUBSCRIPTION_VERSION): Buffer {
  if (version < 0 || version > SUBSCRIPTION_VERSION) throw new RangeError(`There is no Subscription v${version} here`);
  const writer = new ProtocolWriter().int16(version);
  writer.array(subscription.topics, (topic) => writer.string(topic)).nullableBytes(subscription.userData);
  if (version >= 1) writeTopicPartitions(writer, subscription.ownedPartitions);
  if (version >= 2) writer.int32(subscription.generationId);
  if (version >= 3) writer.nullableString(subscription.rackId);
  return writer.toBuffer();
}

/**
 * Fields of newer versions, behind those that are known, are not looked at.
 * @throws MalformedResponseError if the bytes are not a subscription: another client has written them
 */
export function decodeSubscription(bytes: Buffer): ConsumerSubscription {
  const reader = new ProtocolReader(bytes, 'Subscription of a group member');
  const version = reader.int16();
  if (version < 0) reader.fail(`its version is ${version}`);
  return {
    topics: reader.array(() => reader.string()),
    userData: reader.nullableBytes(),
    ownedPartitions: version >= 1 ? readTopicPartitions(reader) : [],
    generationId: version >= 2 ? reader.int32() : -1,
    rackId: version >= 3 ? reader.nullableString() : null,
  };
}

/** Version 0, which is all there is: the others are the same. */
export function encodeAssignment({ topicPartitions, userData }: ConsumerAssignment): Buffer {
  const writer = new ProtocolWriter().int16(ASSIGNMENT_VERSION);
  writeTopicPartitions(writer, topicPartitions);
  return writer.nullableBytes(userData).toBuffer();
}

/**
 * Fields of newer versions are not looked at.
 * @throws MalformedResponseError if the bytes are not an assignment
 */
export function decodeAssignment(bytes: Buffer): ConsumerAssignment {
  const reader = new ProtocolReader(bytes, 'Assignment of a group member');
  const version = reader.int16();
  if (version < 0) reader.fail(`its version is ${version}`);
  return { topicPartitions: readTopicPartitions(reader), userData: reader.nullableBytes() };
}

function writeTopicPartitions(writer: ProtocolWriter, topics: readonly ConsumerTopicPartitions[]): void {
  writer.array(topics, ({ topic, partitions }) =>
    writer.string(topic).array(partitions, (partition) => writer.int32(partition)),
  );
}

function readTopicPartitions(reader: ProtocolReader): ConsumerTopicPartitions[] {
  return reader.array(() => ({ topic: reader.string(), partitions: reader.array(() => reader.int32()) }));
}
