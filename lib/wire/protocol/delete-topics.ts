import type { ApiDefinition } from './api-definition.js';
import { assertVersionSpoken } from './api-definition.js';
import { decodeNamedErrors, type NamedErrorsResponse } from './named-errors.js';
import { ProtocolWriter } from './protocol-writer.js';

/** A DeleteTopics request (API key 20), to the controller. */
export interface DeleteTopicsRequest {
  readonly topics: readonly string[];
  readonly timeoutMs: number;
}

/** DeleteTopics: removes topics with their records. Deleting by topic id (version 6) is not spoken. */
export const deleteTopicsApi = {
  key: 20,
  name: 'DeleteTopics',
  minVersion: 1,
  maxVersion: 5,
  firstFlexibleVersion: 4,
  encodeRequest(version: number, { topics, timeoutMs }: DeleteTopicsRequest): Buffer[] {
    assertVersionSpoken(deleteTopicsApi, version);
    const writer = new ProtocolWriter();
    if (version >= 4) {
      writer
        .compactArray(topics, (name) => writer.compactString(name))
        .int32(timeoutMs)
        .noTags();
    } else {
      writer.array(topics, (name) => writer.string(name)).int32(timeoutMs);
    }
    return [writer.toBuffer()];
  },
  decodeResponse(version: number, body: Buffer): NamedErrorsResponse {
    assertVersionSpoken(deleteTopicsApi, version);
    const what = `DeleteTopics v${version} response`;
    return decodeNamedErrors(body, { what, flexible: version >= 4, hasMessage: version >= 5 });
  },
} satisfies ApiDefinition<DeleteTopicsRequest, NamedErrorsResponse>;
