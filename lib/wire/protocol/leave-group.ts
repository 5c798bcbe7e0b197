import type { ApiDefinition } from './api-definition.js';
import { assertVersionSpoken } from './api-definition.js';
import { ProtocolReader } from './protocol-reader.js';
import { ProtocolWriter } from './protocol-writer.js';

/** A LeaveGroup request (API key 13), to the group's coordinator. Several members at once (KIP-345) are not asked for. */
export interface LeaveGroupRequest {
  readonly groupId: string;
  readonly memberId: string;
  /** Set for a static member. Not carried before version 3. */
  readonly groupInstanceId: string | null;
  /** For the coordinator's log (KIP-800). Not carried before version 5. */
  readonly reason: string | null;
}

/** A LeaveGroup response. */
export interface LeaveGroupResponse {
  readonly throttleTimeMs: number;
  /** Of the request, or else of its one member. */
  readonly errorCode: number;
}

/** LeaveGroup: a member goes, and the group need not wait for its session to end. */
export const leaveGroupApi = {
  key: 13,
  name: 'LeaveGroup',
  minVersion: 1,
  maxVersion: 5,
  firstFlexibleVersion: 4,
  encodeRequest(version: number, request: LeaveGroupRequest): Buffer[] {
    assertVersionSpoken(leaveGroupApi, version);
    const { groupId, memberId, groupInstanceId, reason } = request;
    const writer = new ProtocolWriter(128);
    if (version >= 4) {
      writer.compactString(groupId).compactArray([memberId], (id) => {
        writer.compactString(id).compactNullableString(groupInstanceId);
        if (version >= 5) writer.compactNullableString(reason);
        writer.noTags();
      });
      writer.noTags();
    } else if (version === 3) {
      writer.string(groupId).array([memberId], (id) => writer.string(id).nullableString(groupInstanceId));
    } else {
      writer.string(groupId).string(memberId);
    }
    return [writer.toBuffer()];
  },
  decodeResponse(version: number, body: Buffer): LeaveGroupResponse {
    assertVersionSpoken(leaveGroupApi, version);
    const reader = new ProtocolReader(body, `LeaveGroup v${version} response`);
    const throttleTimeMs = reader.int32();
    const errorCode = reader.int16();
    const memberErrors = readMemberErrors(reader, version);
    if (version >= 4) reader.skipTags();
    reader.expectEnd();
    return { throttleTimeMs, errorCode: errorCode === 0 ? (memberErrors[0] ?? 0) : errorCode };
  },
} satisfies ApiDefinition<LeaveGroupRequest, LeaveGroupResponse>;

function readMemberErrors(reader: ProtocolReader, version: number): readonly number[] {
  if (version >= 4) {
    return reader.compactArray(() => {
      reader.compactString();
      reader.compactNullableString();
      const errorCode = reader.int16();
      reader.skipTags();
      return errorCode;
    });
  }
  if (version < 3) return [];
  return reader.array(() => {
    reader.string();
    reader.nullableString();
    return reader.int16();
  });
}
