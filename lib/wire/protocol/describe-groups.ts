import type { ApiDefinition } from './api-definition.js';
import { assertVersionSpoken } from './api-definition.js';
import { ProtocolReader } from './protocol-reader.js';
import { ProtocolWriter } from './protocol-writer.js';

/** A DescribeGroups request (API key 15), to the coordinator of all these groups. */
export interface DescribeGroupsRequest {
  readonly groups: readonly string[];
}

/** A member of a group. */
export interface DescribedMember {
  readonly memberId: string;
  /** Set for a static member (KIP-345); null before version 4. */
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  /** With a slash before the address, as Java writes it. */
  readonly clientHost: string;
  /** What the leader has given it, as `decodeAssignment` reads it; empty while the group is not stable. */
  readonly assignment: Buffer;
}

/** A group whose members decide among themselves (Kafka's classic protocol). */
export interface DescribedGroup {
  /** 69 GROUP_ID_NOT_FOUND since version 6 for a group that is not there; before that its state is `Dead`. */
  readonly errorCode: number;
  readonly groupId: string;
  readonly state: string;
  readonly protocolType: string;
  /** The assignor that was chosen. */
  readonly protocol: string;
  readonly members: readonly DescribedMember[];
}

/** A DescribeGroups response. */
export interface DescribeGroupsResponse {
  readonly throttleTimeMs: number;
  readonly groups: readonly DescribedGroup[];
}

/** DescribeGroups: members and their assignments. Authorized operations are not asked for. */
export const describeGroupsApi = {
  key: 15,
  name: 'DescribeGroups',
  minVersion: 1,
  maxVersion: 6,
  firstFlexibleVersion: 5,
  encodeRequest(version: number, { groups }: DescribeGroupsRequest): Buffer[] {
    assertVersionSpoken(describeGroupsApi, version);
    const writer = new ProtocolWriter(64);
    if (version >= 5) writer.compactArray(groups, (group) => writer.compactString(group));
    else writer.array(groups, (group) => writer.string(group));
    if (version >= 3) writer.boolean(false);
    if (version >= 5) writer.noTags();
    return [writer.toBuffer()];
  },
  decodeResponse(version: number, body: Buffer): DescribeGroupsResponse {
    assertVersionSpoken(describeGroupsApi, version);
    const reader = new ProtocolReader(body, `DescribeGroups v${version} response`);
    const throttleTimeMs = reader.int32();
    const groups =
      version >= 5
        ? reader.compactArray((element) => readFlexibleGroup(element, version))
        : reader.array((element) => readGroup(element, version));
    if (version >= 5) reader.skipTags();
    reader.expectEnd();
    return { throttleTimeMs, groups };
  },
} satisfies ApiDefinition<DescribeGroupsRequest, DescribeGroupsResponse>;

function readGroup(reader: ProtocolReader, version: number): DescribedGroup {
  const group = {
    errorCode: reader.int16(),
    groupId: reader.string(),
    state: reader.string(),
    protocolType: reader.string(),
    protocol: reader.string(),
    members: reader.array(() => readMember(reader, version)),
  };
  if (version >= 3) reader.int32();
  return group;
}

function readMember(reader: ProtocolReader, version: number): DescribedMember {
  const names = {
    memberId: reader.string(),
    groupInstanceId: version >= 4 ? reader.nullableString() : null,
    clientId: reader.string(),
    clientHost: reader.string(),
  };
  reader.bytes();
  return { ...names, assignment: reader.bytes() };
}

function readFlexibleGroup(reader: ProtocolReader, version: number): DescribedGroup {
  const errorCode = reader.int16();
  if (version >= 6) reader.compactNullableString();
  const group = {
    errorCode,
    groupId: reader.compactString(),
    state: reader.compactString(),
    protocolType: reader.compactString(),
    protocol: reader.compactString(),
    members: reader.compactArray(readFlexibleMember),
  };
  reader.int32();
  reader.skipTags();
  return group;
}

function readFlexibleMember(reader: ProtocolReader): DescribedMember {
  const names = {
    memberId: reader.compactString(),
    groupInstanceId: reader.compactNullableString(),
    clientId: reader.compactString(),
    clientHost: reader.compactString(),
  };
  reader.compactBytes();
  const assignment = reader.compactBytes();
  reader.skipTags();
  return { ...names, assignment };
}
