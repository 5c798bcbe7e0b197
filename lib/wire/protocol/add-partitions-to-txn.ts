import type { ApiDefinition } from './api-definition.js';
import { assertVersionSpoken } from './api-definition.js';
import { decodeTopicErrors, type TopicErrorsResponse } from './partition-errors.js';
import { ProtocolWriter } from './protocol-writer.js';

/** Partitions of one topic that join a transaction. */
export interface AddPartitionsToTxnTopic {
  readonly name: string;
  readonly partitions: readonly number[];
}

/** An AddPartitionsToTxn request (API key 24), to the transaction's coordinator. A topic may occur once only. Repeating it is harmless. */
export interface AddPartitionsToTxnRequest {
  readonly transactionalId: string;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly topics: readonly AddPartitionsToTxnTopic[];
}

/** An AddPartitionsToTxn response. If one partition is refused, none is added: the others have 55 OPERATION_NOT_ATTEMPTED. */
export type AddPartitionsToTxnResponse = TopicErrorsResponse;

/**
 * AddPartitionsToTxn: partitions that a transaction is going to write to (KIP-98). A fenced producer is told by 47
 * INVALID_PRODUCER_EPOCH before version 2, by 90 PRODUCER_FENCED from then on. Versions 4 and later are for brokers among themselves.
 */
export const addPartitionsToTxnApi = {
  key: 24,
  name: 'AddPartitionsToTxn',
  minVersion: 0,
  maxVersion: 3,
  firstFlexibleVersion: 3,
  encodeRequest(version: number, request: AddPartitionsToTxnRequest): Buffer[] {
    assertVersionSpoken(addPartitionsToTxnApi, version);
    const flexible = version >= 3;
    const writer = new ProtocolWriter();
    const writeIndex = (index: number): ProtocolWriter => writer.int32(index);

    if (flexible) writer.compactString(request.transactionalId);
    else writer.string(request.transactionalId);
    writer.int64(request.producerId).int16(request.producerEpoch);
    if (flexible) {
      writer.compactArray(request.topics, ({ name, partitions }) => {
        writer.compactString(name).compactArray(partitions, writeIndex).noTags();
      });
      writer.noTags();
    } else {
      writer.array(request.topics, ({ name, partitions }) => writer.string(name).array(partitions, writeIndex));
    }
    return [writer.toBuffer()];
  },
  decodeResponse(version: number, body: Buffer): AddPartitionsToTxnResponse {
    assertVersionSpoken(addPartitionsToTxnApi, version);
    return decodeTopicErrors(body, `AddPartitionsToTxn v${version} response`, version >= 3);
  },
} satisfies ApiDefinition<AddPartitionsToTxnRequest, AddPartitionsToTxnResponse>;
