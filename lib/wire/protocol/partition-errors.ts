import { ProtocolReader } from './protocol-reader.js';

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

/** The whole answer of AddPartitionsToTxn and of TxnOffsetCommit. */
export interface TopicErrorsResponse {
  readonly throttleTimeMs: number;
  readonly topics: readonly TopicPartitionErrors[];
}

/** @param what names the answer when it does not parse */
export function decodeTopicErrors(body: Buffer, what: string, flexible: boolean): TopicErrorsResponse {
  const reader = new ProtocolReader(body, what);
  const throttleTimeMs = reader.int32();
  const topics = flexible ? reader.compactArray(readFlexibleTopic) : reader.array(readTopic);
  if (flexible) reader.skipTags();
  reader.expectEnd();
  return { throttleTimeMs, topics };
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
