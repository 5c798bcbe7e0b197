import type { ApiDefinition } from './api-definition.js';
import { assertVersionSpoken } from './api-definition.js';
import { decodeNamedErrors, type NamedErrorsResponse } from './named-errors.js';
import { ProtocolWriter } from './protocol-writer.js';

/** A DeleteGroups request (API key 42), to the coordinator of these groups. */
export interface DeleteGroupsRequest {
  readonly groups: readonly string[];
}

/** DeleteGroups: removes groups without members, with their offsets (KIP-229). 68 NON_EMPTY_GROUP and 69 GROUP_ID_NOT_FOUND are its errors. */
export const deleteGroupsApi = {
  key: 42,
  name: 'DeleteGroups',
  minVersion: 0,
  maxVersion: 2,
  firstFlexibleVersion: 2,
  encodeRequest(version: number, { groups }: DeleteGroupsRequest): Buffer[] {
    assertVersionSpoken(deleteGroupsApi, version);
    const writer = new ProtocolWriter();
    if (version >= 2) writer.compactArray(groups, (name) => writer.compactString(name)).noTags();
    else writer.array(groups, (name) => writer.string(name));
    return [writer.toBuffer()];
  },
  decodeResponse(version: number, body: Buffer): NamedErrorsResponse {
    assertVersionSpoken(deleteGroupsApi, version);
    const what = `DeleteGroups v${version} response`;
    return decodeNamedErrors(body, { what, flexible: version >= 2, hasMessage: false });
  },
} satisfies ApiDefinition<DeleteGroupsRequest, NamedErrorsResponse>;
