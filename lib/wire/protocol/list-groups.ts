import type { ApiDefinition } from './api-definition.js';
import { assertVersionSpoken } from './api-definition.js';
import { ProtocolReader } from './protocol-reader.js';
import { ProtocolWriter } from './protocol-writer.js';

/** A ListGroups request (API key 16), to each broker for the groups that it coordinates. */
export interface ListGroupsRequest {
  /** Kafka's names of states, e.g. `Stable`; empty for all. Not carried before version 4. */
  readonly states: readonly string[];
}

/** A group as its coordinator lists it. */
export interface ListedGroup {
  readonly groupId: string;
  /** `consumer` for consumer groups, empty for a group that only has offsets. */
  readonly protocolType: string;
  /** Empty before version 4 (Kafka 2.6). */
  readonly state: string;
  /** `classic`, `consumer`, `share` ...; empty before version 5 (Kafka 3.8). */
  readonly type: string;
}

/** A ListGroups response. */
export interface ListGroupsResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly groups: readonly ListedGroup[];
}

/** ListGroups: the groups that a broker coordinates. */
export const listGroupsApi = {
  key: 16,
  name: 'ListGroups',
  minVersion: 1,
  maxVersion: 5,
  firstFlexibleVersion: 3,
  encodeRequest(version: number, { states }: ListGroupsRequest): Buffer[] {
    assertVersionSpoken(listGroupsApi, version);
    const writer = new ProtocolWriter(32);
    if (version >= 4) writer.compactArray(states, (state) => writer.compactString(state));
    if (version >= 5) writer.compactArray([], () => undefined);
    if (version >= 3) writer.noTags();
    return [writer.toBuffer()];
  },
  decodeResponse(version: number, body: Buffer): ListGroupsResponse {
    assertVersionSpoken(listGroupsApi, version);
    const reader = new ProtocolReader(body, `ListGroups v${version} response`);
    const throttleTimeMs = reader.int32();
    const errorCode = reader.int16();
    const groups =
      version >= 3 ? reader.compactArray((element) => readFlexibleGroup(element, version)) : reader.array(readGroup);
    if (version >= 3) reader.skipTags();
    reader.expectEnd();
    return { throttleTimeMs, errorCode, groups };
  },
} satisfies ApiDefinition<ListGroupsRequest, ListGroupsResponse>;

function readGroup(reader: ProtocolReader): ListedGroup {
  return { groupId: reader.string(), protocolType: reader.string(), state: '', type: '' };
}

function readFlexibleGroup(reader: ProtocolReader, version: number): ListedGroup {
  const group = {
    groupId: reader.compactString(),
    protocolType: reader.compactString(),
    state: version >= 4 ? reader.compactString() : '',
    type: version >= 5 ? reader.compactString() : '',
  };
  reader.skipTags();
  return group;
}
