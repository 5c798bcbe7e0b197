import type { ApiDefinition } from './api-definition.js';
import { assertVersionSpoken } from './api-definition.js';
import { ProtocolReader } from './protocol-reader.js';
import { ProtocolWriter } from './protocol-writer.js';

/** An EndTxn request (API key 26), to the transaction's coordinator. */
export interface EndTxnRequest {
  readonly transactionalId: string;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** True to commit, false to abort. */
  readonly committed: boolean;
}

/** An EndTxn response. */
export interface EndTxnResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  /** The id for the next transaction: another one when the epochs of the former are used up. -1 before version 5 and with an error. */
  readonly producerId: bigint;
  /** The epoch for the next transaction; -1 before version 5, where it stays, and with an error. */
  readonly producerEpoch: number;
}

/**
 * EndTxn: commits or aborts (KIP-98). Version 5 bumps the producer's epoch, so that a repeated request gets the same answer and a late
 * one cannot end the next transaction; it may be used only where `transaction.version` is 2 or more (KIP-890). Before, an EndTxn that
 * comes late commits what the next transaction has written so far.
 */
export const endTxnApi = {
  key: 26,
  name: 'EndTxn',
  minVersion: 0,
  maxVersion: 5,
  firstFlexibleVersion: 3,
  encodeRequest(version: number, request: EndTxnRequest): Buffer[] {
    assertVersionSpoken(endTxnApi, version);
    const writer = new ProtocolWriter(64);
    if (version >= 3) writer.compactString(request.transactionalId);
    else writer.string(request.transactionalId);
    writer.int64(request.producerId).int16(request.producerEpoch).boolean(request.committed);
    if (version >= 3) writer.noTags();
    return [writer.toBuffer()];
  },
  decodeResponse(version: number, body: Buffer): EndTxnResponse {
    assertVersionSpoken(endTxnApi, version);
    const reader = new ProtocolReader(body, `EndTxn v${version} response`);
    const throttleTimeMs = reader.int32();
    const errorCode = reader.int16();
    const producerId = version >= 5 ? reader.int64() : -1n;
    const producerEpoch = version >= 5 ? reader.int16() : -1;
    if (version >= 3) reader.skipTags();
    reader.expectEnd();
    return { throttleTimeMs, errorCode, producerId, producerEpoch };
  },
} satisfies ApiDefinition<EndTxnRequest, EndTxnResponse>;
