import type { ApiDefinition } from './api-definition.js';
import { assertVersionSpoken } from './api-definition.js';
import { ProtocolReader } from './protocol-reader.js';
import { ProtocolWriter } from './protocol-writer.js';

/** A Heartbeat request (API key 12), to the group's coordinator. */
export interface HeartbeatRequest {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  /** Set for a static member (KIP-345). Not carried before version 3. */
  readonly groupInstanceId: string | null;
}

/** A Heartbeat response. */
export interface HeartbeatResponse {
  readonly throttleTimeMs: number;
  /** 27 REBALANCE_IN_PROGRESS also counts as a sign of life: the session goes on, and the member should join again. */
  readonly errorCode: number;
}

/** Heartbeat: keeps a member's session alive, and is told when the group rebalances. */
export const heartbeatApi = {
  key: 12,
  name: 'Heartbeat',
  minVersion: 1,
  maxVersion: 4,
  firstFlexibleVersion: 4,
  encodeRequest(version: number, request: HeartbeatRequest): Buffer[] {
    assertVersionSpoken(heartbeatApi, version);
    const { groupId, generationId, memberId, groupInstanceId } = request;
    const writer = new ProtocolWriter(128);
    if (version >= 4) {
      writer.compactString(groupId).int32(generationId).compactString(memberId);
      writer.compactNullableString(groupInstanceId).noTags();
    } else {
      writer.string(groupId).int32(generationId).string(memberId);
      if (version >= 3) writer.nullableString(groupInstanceId);
    }
    return [writer.toBuffer()];
  },
  decodeResponse(version: number, body: Buffer): HeartbeatResponse {
    assertVersionSpoken(heartbeatApi, version);
    const reader = new ProtocolReader(body, `Heartbeat v${version} response`);
    const throttleTimeMs = reader.int32();
    const errorCode = reader.int16();
    if (version >= 4) reader.skipTags();
    reader.expectEnd();
    return { throttleTimeMs, errorCode };
  },
} satisfies ApiDefinition<HeartbeatRequest, HeartbeatResponse>;
