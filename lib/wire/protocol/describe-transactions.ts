import type { ApiDefinition } from './api-definition.js';
import { assertVersionSpoken } from './api-definition.js';
import { ProtocolReader } from './protocol-reader.js';
import { ProtocolWriter } from './protocol-writer.js';

/** A DescribeTransactions request (API key 65), to the coordinator of all these ids. */
export interface DescribeTransactionsRequest {
  readonly transactionalIds: readonly string[];
}

/** Partitions of one topic in a transaction. */
export interface DescribedTransactionTopic {
  readonly name: string;
  readonly partitions: readonly number[];
}

/** Where one transactional id stands. With an error, only it and the transactional id mean anything. */
export interface DescribedTransaction {
  /** 16 NOT_COORDINATOR, 105 TRANSACTIONAL_ID_NOT_FOUND and others. */
  readonly errorCode: number;
  readonly transactionalId: string;
  /** Kafka's name of it: Empty, Ongoing, PrepareCommit, PrepareAbort, CompleteCommit, CompleteAbort, Dead, PrepareEpochFence. */
  readonly state: string;
  readonly timeoutMs: number;
  /** When the transaction under way, or the last one, began by the coordinator's clock, in milliseconds since 1970; -1 where there was none. */
  readonly startTimeMs: bigint;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** The partitions of the transaction under way; while it completes, those whose marker is not written yet. */
  readonly topics: readonly DescribedTransactionTopic[];
}

/** A DescribeTransactions response. Transactions come in any order, not in the request's. */
export interface DescribeTransactionsResponse {
  readonly throttleTimeMs: number;
  readonly transactions: readonly DescribedTransaction[];
}

/** DescribeTransactions: what a coordinator knows about transactional ids (KIP-664); brokers offer it since Kafka 3.0. */
export const describeTransactionsApi = {
  key: 65,
  name: 'DescribeTransactions',
  minVersion: 0,
  maxVersion: 0,
  firstFlexibleVersion: 0,
  encodeRequest(version: number, request: DescribeTransactionsRequest): Buffer[] {
    assertVersionSpoken(describeTransactionsApi, version);
    const writer = new ProtocolWriter(64);
    writer.compactArray(request.transactionalIds, (id) => writer.compactString(id)).noTags();
    return [writer.toBuffer()];
  },
  decodeResponse(version: number, body: Buffer): DescribeTransactionsResponse {
    assertVersionSpoken(describeTransactionsApi, version);
    const reader = new ProtocolReader(body, `DescribeTransactions v${version} response`);
    const throttleTimeMs = reader.int32();
    const transactions = reader.compactArray(readTransaction);
    reader.skipTags();
    reader.expectEnd();
    return { throttleTimeMs, transactions };
  },
} satisfies ApiDefinition<DescribeTransactionsRequest, DescribeTransactionsResponse>;

function readTransaction(reader: ProtocolReader): DescribedTransaction {
  const transaction = {
    errorCode: reader.int16(),
    transactionalId: reader.compactString(),
    state: reader.compactString(),
    timeoutMs: reader.int32(),
    startTimeMs: reader.int64(),
    producerId: reader.int64(),
    producerEpoch: reader.int16(),
    topics: reader.compactArray(readTopic),
  };
  reader.skipTags();
  return transaction;
}

function readTopic(reader: ProtocolReader): DescribedTransactionTopic {
  const topic = { name: reader.compactString(), partitions: reader.compactArray((element) => element.int32()) };
  reader.skipTags();
  return topic;
}
