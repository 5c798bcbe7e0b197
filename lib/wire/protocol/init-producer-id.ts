import type { ApiDefinition } from './api-definition.js';
import { assertVersionSpoken } from './api-definition.js';
import { ProtocolReader } from './protocol-reader.js';
import { ProtocolWriter } from './protocol-writer.js';

/** An InitProducerId request (API key 22). */
export interface InitProducerIdRequest {
  /** Null for a producer that is idempotent only, which each broker can answer; else the transaction coordinator has to. */
  readonly transactionalId: string | null;
  /** Milliseconds after which the coordinator aborts a transaction left open; not looked at without a transactional id. */
  readonly transactionTimeoutMs: number;
  /** The id to go on with (KIP-360, version 3 and later), or -1. */
  readonly producerId: bigint;
  /** The epoch that belongs to `producerId`, or -1. */
  readonly producerEpoch: number;
}

/** An InitProducerId response. Id and epoch are -1 with an error. */
export interface InitProducerIdResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

/** InitProducerId: an id and epoch for an idempotent or transactional producer (KIP-98, KIP-360). */
export const initProducerIdApi = {
  key: 22,
  name: 'InitProducerId',
  minVersion: 0,
  maxVersion: 5,
  firstFlexibleVersion: 2,
  encodeRequest(version: number, request: InitProducerIdRequest): Buffer[] {
    assertVersionSpoken(initProducerIdApi, version);
    const writer = new ProtocolWriter(64);
    if (version >= 2) writer.compactNullableString(request.transactionalId);
    else writer.nullableString(request.transactionalId);
    writer.int32(request.transactionTimeoutMs);
    if (version >= 3) writer.int64(request.producerId).int16(request.producerEpoch);
    if (version >= 2) writer.noTags();
    return [writer.toBuffer()];
  },
  decodeResponse(version: number, body: Buffer): InitProducerIdResponse {
    assertVersionSpoken(initProducerIdApi, version);
    const reader = new ProtocolReader(body, `InitProducerId v${version} response`);
    const throttleTimeMs = reader.int32();
    const errorCode = reader.int16();
    const producerId = reader.int64();
    const producerEpoch = reader.int16();
    if (version >= 2) reader.skipTags();
    reader.expectEnd();
    return { throttleTimeMs, errorCode, producerId, producerEpoch };
  },
} satisfies ApiDefinition<InitProducerIdRequest, InitProducerIdResponse>;
