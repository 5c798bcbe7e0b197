import type { ApiDefinition } from './api-definition.js';
import { assertVersionSpoken } from './api-definition.js';
import { ProtocolReader } from './protocol-reader.js';
import { ProtocolWriter } from './protocol-writer.js';

/** What one member gets. */
export interface SyncGroupAssignment {
  readonly memberId: string;
  /** An assignment, when the protocol type is `consumer`. */
  readonly assignment: Buffer;
}

/** A SyncGroup request (API key 14), to the group's coordinator. */
export interface SyncGroupRequest {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  /** Set for a static member (KIP-345). Not carried before version 3. */
  readonly groupInstanceId: string | null;
  /** Verified by the coordinator (KIP-559). Not carried before version 5. */
  readonly protocolType: string;
  /** As `protocolType`. */
  readonly protocolName: string;
  /** Of all members, from the leader; none from the others. */
  readonly assignments: readonly SyncGroupAssignment[];
}

/** A SyncGroup response. */
export interface SyncGroupResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  /** null before version 5, and with an error. */
  readonly protocolType: string | null;
  /** As `protocolType`. */
  readonly protocolName: string | null;
  /** What this member gets; empty with an error, and when the leader has left the member out. */
  readonly assignment: Buffer;
}

/** SyncGroup: the leader hands in who gets what, the others wait for it. */
export const syncGroupApi = {
  key: 14,
  name: 'SyncGroup',
  minVersion: 1,
  maxVersion: 5,
  firstFlexibleVersion: 4,
  encodeRequest(version: number, request: SyncGroupRequest): Buffer[] {
    assertVersionSpoken(syncGroupApi, version);
    const writer = new ProtocolWriter();
    if (version >= 4) writeFlexibleRequest(writer, request, version);
    else writePlainRequest(writer, request, version);
    return [writer.toBuffer()];
  },
  decodeResponse(version: number, body: Buffer): SyncGroupResponse {
    assertVersionSpoken(syncGroupApi, version);
    const reader = new ProtocolReader(body, `SyncGroup v${version} response`);
    const throttleTimeMs = reader.int32();
    const errorCode = reader.int16();
    const protocolType = version >= 5 ? reader.compactNullableString() : null;
    const protocolName = version >= 5 ? reader.compactNullableString() : null;
    const assignment = version >= 4 ? reader.compactBytes() : reader.bytes();
    if (version >= 4) reader.skipTags();
    reader.expectEnd();
    return { throttleTimeMs, errorCode, protocolType, protocolName, assignment };
  },
} satisfies ApiDefinition<SyncGroupRequest, SyncGroupResponse>;

function writePlainRequest(writer: ProtocolWriter, request: SyncGroupRequest, version: number): void {
  writer.string(request.groupId).int32(request.generationId).string(request.memberId);
  if (version >= 3) writer.nullableString(request.groupInstanceId);
  writer.array(request.assignments, ({ memberId, assignment }) => writer.string(memberId).bytes(assignment));
}

function writeFlexibleRequest(writer: ProtocolWriter, request: SyncGroupRequest, version: number): void {
  writer.compactString(request.groupId).int32(request.generationId).compactString(request.memberId);
  writer.compactNullableString(request.groupInstanceId);
  if (version >= 5) writer.compactNullableString(request.protocolType).compactNullableString(request.protocolName);
  writer.compactArray(request.assignments, ({ memberId, assignment }) =>
    writer.compactString(memberId).compactBytes(assignment).noTags(),
  );
  writer.noTags();
}
