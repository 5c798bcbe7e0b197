import type { ApiDefinition } from './api-definition.js';
import { assertVersionSpoken } from './api-definition.js';
import { decodeNamedErrors, type NamedErrorsResponse } from './named-errors.js';
import { ProtocolWriter } from './protocol-writer.js';

/** A topic that gets more partitions. */
export interface PartitionsToCreate {
  readonly name: string;
  /** How many there are to be in all. */
  readonly count: number;
  /** The brokers of each new partition, in order, or null: the controller chooses. */
  readonly assignments: readonly (readonly number[])[] | null;
}

/** A CreatePartitions request (API key 37), to the controller. */
export interface CreatePartitionsRequest {
  readonly topics: readonly PartitionsToCreate[];
  readonly timeoutMs: number;
  readonly validateOnly: boolean;
}

/** CreatePartitions: adds partitions to topics (KIP-195). */
export const createPartitionsApi = {
  key: 37,
  name: 'CreatePartitions',
  minVersion: 0,
  maxVersion: 3,
  firstFlexibleVersion: 2,
  encodeRequest(version: number, { topics, timeoutMs, validateOnly }: CreatePartitionsRequest): Buffer[] {
    assertVersionSpoken(createPartitionsApi, version);
    const writer = new ProtocolWriter();
    if (version >= 2) {
      writer.compactArray(topics, ({ assignments, count, name }) => {
        writer.compactString(name).int32(count);
        writer.compactNullableArray(assignments, (brokerIds) => {
          writer.compactArray(brokerIds, (brokerId) => writer.int32(brokerId)).noTags();
        });
        writer.noTags();
      });
    } else {
      writer.array(topics, ({ assignments, count, name }) => {
        writer.string(name).int32(count);
        writer.nullableArray(assignments, (brokerIds) => writer.array(brokerIds, (brokerId) => writer.int32(brokerId)));
      });
    }
    writer.int32(timeoutMs).boolean(validateOnly);
    if (version >= 2) writer.noTags();
    return [writer.toBuffer()];
  },
  decodeResponse(version: number, body: Buffer): NamedErrorsResponse {
    assertVersionSpoken(createPartitionsApi, version);
    const what = `CreatePartitions v${version} response`;
    return decodeNamedErrors(body, { what, flexible: version >= 2, hasMessage: true });
  },
} satisfies ApiDefinition<CreatePartitionsRequest, NamedErrorsResponse>;
