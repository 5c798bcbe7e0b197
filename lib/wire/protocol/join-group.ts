import type { ApiDefinition } from './api-definition.js';
import { assertVersionSpoken } from './api-definition.js';
import { ProtocolReader } from './protocol-reader.js';
import { ProtocolWriter } from './protocol-writer.js';

/** A way to assign that a member offers, with what the leader has to know about the member for it. */
export interface JoinGroupProtocol {
  readonly name: string;
  /** A subscription, when the protocol type is `consumer`. */
  readonly metadata: Buffer;
}

/** A JoinGroup request (API key 11), to the group's coordinator. */
export interface JoinGroupRequest {
  readonly groupId: string;
  readonly sessionTimeoutMs: number;
  /** How long the coordinator waits for the members to join again. The answer may take as long. */
  readonly rebalanceTimeoutMs: number;
  /** Empty for a new member. */
  readonly memberId: string;
  /** Set for a static member (KIP-345). Not carried before version 5. */
  readonly groupInstanceId: string | null;
  readonly protocolType: string;
  /** In the order of preference. */
  readonly protocols: readonly JoinGroupProtocol[];
  /** For the coordinator's log (KIP-800). Not carried before version 8. */
  readonly reason: string | null;
}

/** A member, as the coordinator tells the leader. */
export interface JoinGroupMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly metadata: Buffer;
}

/** A JoinGroup response. */
export interface JoinGroupResponse {
  readonly throttleTimeMs: number;
  /** 79 MEMBER_ID_REQUIRED: to be sent again, with the member id of this response (KIP-394). */
  readonly errorCode: number;
  /** -1 with an error. */
  readonly generationId: number;
  /** null before version 7 (KIP-559), and with an error. */
  readonly protocolType: string | null;
  /** What the coordinator has chosen: offered by every member. Empty or null with an error. */
  readonly protocolName: string | null;
  /** The member id of the leader. */
  readonly leader: string;
  /** A static leader has come back, and the group keeps its assignment (KIP-814). */
  readonly skipAssignment: boolean;
  readonly memberId: string;
  /** All members, for the leader; none for the others. */
  readonly members: readonly JoinGroupMember[];
}

/** JoinGroup: answered when all members have joined. From version 4 on a new member gets an id first, and joins with it (KIP-394). */
export const joinGroupApi = {
  key: 11,
  name: 'JoinGroup',
  minVersion: 2,
  maxVersion: 9,
  firstFlexibleVersion: 6,
  encodeRequest(version: number, request: JoinGroupRequest): Buffer[] {
    assertVersionSpoken(joinGroupApi, version);
    const writer = new ProtocolWriter();
    if (version >= 6) writeFlexibleRequest(writer, request, version);
    else writePlainRequest(writer, request, version);
    return [writer.toBuffer()];
  },
  decodeResponse(version: number, body: Buffer): JoinGroupResponse {
    assertVersionSpoken(joinGroupApi, version);
    const reader = new ProtocolReader(body, `JoinGroup v${version} response`);
    const flexible = version >= 6;
    const throttleTimeMs = reader.int32();
    const errorCode = reader.int16();
    const generationId = reader.int32();
    const protocolType = version >= 7 ? reader.compactNullableString() : null;
    const protocolName = readProtocolName(reader, version);
    const leader = flexible ? reader.compactString() : reader.string();
    const skipAssignment = version >= 9 && reader.boolean();
    const memberId = flexible ? reader.compactString() : reader.string();
    const members = flexible
      ? reader.compactArray(readFlexibleMember)
      : reader.array((element) => readPlainMember(element, version));
    if (flexible) reader.skipTags();
    reader.expectEnd();
    return {
      throttleTimeMs,
      errorCode,
      generationId,
      protocolType,
      protocolName,
      leader,
      skipAssignment,
      memberId,
      members,
    };
  },
} satisfies ApiDefinition<JoinGroupRequest, JoinGroupResponse>;

function writePlainRequest(writer: ProtocolWriter, request: JoinGroupRequest, version: number): void {
  writer.string(request.groupId).int32(request.sessionTimeoutMs).int32(request.rebalanceTimeoutMs);
  writer.string(request.memberId);
  if (version >= 5) writer.nullableString(request.groupInstanceId);
  writer.string(request.protocolType);
  writer.array(request.protocols, ({ name, metadata }) => writer.string(name).bytes(metadata));
}

function writeFlexibleRequest(writer: ProtocolWriter, request: JoinGroupRequest, version: number): void {
  writer.compactString(request.groupId).int32(request.sessionTimeoutMs).int32(request.rebalanceTimeoutMs);
  writer.compactString(request.memberId).compactNullableString(request.groupInstanceId);
  writer.compactString(request.protocolType);
  writer.compactArray(request.protocols, ({ name, metadata }) =>
    writer.compactString(name).compactBytes(metadata).noTags(),
  );
  if (version >= 8) writer.compactNullableString(request.reason);
  writer.noTags();
}

function readProtocolName(reader: ProtocolReader, version: number): string | null {
  if (version >= 7) return reader.compactNullableString();
  return version >= 6 ? reader.compactString() : reader.string();
}

function readPlainMember(reader: ProtocolReader, version: number): JoinGroupMember {
  return {
    memberId: reader.string(),
    groupInstanceId: version >= 5 ? reader.nullableString() : null,
    metadata: reader.bytes(),
  };
}

function readFlexibleMember(reader: ProtocolReader): JoinGroupMember {
  const member = {
    memberId: reader.compactString(),
    groupInstanceId: reader.compactNullableString(),
    metadata: reader.compactBytes(),
  };
  reader.skipTags();
  return member;
}
