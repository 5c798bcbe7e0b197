import type { ProtocolReader } from './protocol-reader.js';

/** What became of one partition of a request. */
export interface PartitionError {
  readonly index: number;
  /** 0 for success. */
  readonly errorCode: number;
}

/** The partitions of one topic of a request, each with its error code. They come in any order, not in the request's. */
export interface TopicPartitionErrors {
  readonly name: string;
  readonly partitions: readonly PartitionError[];
}

/** Reads the list of topics that is the whole answer of AddPartitionsToTxn and of TxnOffsetCommit, besides the throttle time. */
export function readTopicPartitionErrors(reader: ProtocolReader, flexible: boolean): TopicPartitionErrors[] {
  return flexible ? reader.compactArray(readFlexibleTopic) : reader.array(readTopic);
}

function readTopic(reader: ProtocolReader): TopicPartitionErrors {
  return { name: reader.string(), partitions: reader.array(readPartition) };
}

function readFlexibleTopic(reader: ProtocolReader): TopicPartitionErrors {
  const name = reader.compactString();
  const partitions = reader.compactArray((element) => {
    const partition = readPartition(element);
    element.skipTags();
    return partition;
  });
  reader.skipTags();
  return { name, partitions };
}

function readPartition(reader: ProtocolReader): PartitionError {
  return { index: reader.int32(), errorCode: reader.int16() };
}
