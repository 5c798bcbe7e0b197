import type { ApiDefinition } from './api-definition.js';
import { assertVersionSpoken } from './api-definition.js';
import { ProtocolReader } from './protocol-reader.js';
import { ProtocolWriter } from './protocol-writer.js';

/** An AddOffsetsToTxn request (API key 25), to the transaction's coordinator. */
export interface AddOffsetsToTxnRequest {
  readonly transactionalId: string;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** The consumer group whose offsets the transaction is going to commit. */
  readonly groupId: string;
}

/** An AddOffsetsToTxn response. */
export interface AddOffsetsToTxnResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
}

/**
 * AddOffsetsToTxn: a consumer group that takes part in a transaction (KIP-98). Not needed before TxnOffsetCommit v5. A fenced
 * producer is told by 47 INVALID_PRODUCER_EPOCH before version 2, by 90 PRODUCER_FENCED from then on; 120 TRANSACTION_ABORTABLE may
 * come from version 4 on.
 */
export const addOffsetsToTxnApi = {
  key: 25,
  name: 'AddOffsetsToTxn',
  minVersion: 0,
  maxVersion: 4,
  firstFlexibleVersion: 3,
  encodeRequest(version: number, request: AddOffsetsToTxnRequest): Buffer[] {
    assertVersionSpoken(addOffsetsToTxnApi, version);
    const flexible = version >= 3;
    const writer = new ProtocolWriter(96);
    if (flexible) writer.compactString(request.transactionalId);
    else writer.string(request.transactionalId);
    writer.int64(request.producerId).int16(request.producerEpoch);
    if (flexible) writer.compactString(request.groupId).noTags();
    else writer.string(request.groupId);
    return [writer.toBuffer()];
  },
  decodeResponse(version: number, body: Buffer): AddOffsetsToTxnResponse {
    assertVersionSpoken(addOffsetsToTxnApi, version);
    const reader = new ProtocolReader(body, `AddOffsetsToTxn v${version} response`);
    const throttleTimeMs = reader.int32();
    const errorCode = reader.int16();
    if (version >= 3) reader.skipTags();
    reader.expectEnd();
    return { throttleTimeMs, errorCode };
  },
} satisfies ApiDefinition<AddOffsetsToTxnRequest, AddOffsetsToTxnResponse>;
