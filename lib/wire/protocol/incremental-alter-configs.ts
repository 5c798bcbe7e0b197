import type { ApiDefinition } from './api-definition.js';
import { assertVersionSpoken } from './api-definition.js';
import type { NamedError, NamedErrorsResponse } from './named-errors.js';
import { ProtocolReader } from './protocol-reader.js';
import { ProtocolWriter } from './protocol-writer.js';

/** What is to happen to a setting, by Kafka's `AlterConfigOp.OpType`. */
export const AlterConfigOperation = { SET: 0, DELETE: 1, APPEND: 2, SUBTRACT: 3 } as const;

/** One setting to change. */
export interface AlteredConfig {
  readonly name: string;
  /** One of `AlterConfigOperation`. */
  readonly operation: number;
  /** null to delete it: the default is in force again. */
  readonly value: string | null;
}

/** A resource whose settings change. */
export interface AlteredResource {
  /** One of `ConfigResourceType`. */
  readonly type: number;
  readonly name: string;
  readonly configs: readonly AlteredConfig[];
}

/** An IncrementalAlterConfigs request (API key 44): of topics to the controller. */
export interface IncrementalAlterConfigsRequest {
  readonly resources: readonly AlteredResource[];
  readonly validateOnly: boolean;
}

/** IncrementalAlterConfigs: changes single settings and leaves the others as they are (KIP-339); Kafka 2.3 or newer. */
export const incrementalAlterConfigsApi = {
  key: 44,
  name: 'IncrementalAlterConfigs',
  minVersion: 0,
  maxVersion: 1,
  firstFlexibleVersion: 1,
  encodeRequest(version: number, { resources, validateOnly }: IncrementalAlterConfigsRequest): Buffer[] {
    assertVersionSpoken(incrementalAlterConfigsApi, version);
    const writer = new ProtocolWriter();
    if (version >= 1) {
      writer.compactArray(resources, ({ configs, name, type }) => {
        writer.int8(type).compactString(name);
        writer.compactArray(configs, (config) => {
          writer.compactString(config.name).int8(config.operation).compactNullableString(config.value).noTags();
        });
        writer.noTags();
      });
    } else {
      writer.array(resources, ({ configs, name, type }) => {
        writer.int8(type).string(name);
        writer.array(configs, (config) => {
          writer.string(config.name).int8(config.operation).nullableString(config.value);
        });
      });
    }
    writer.boolean(validateOnly);
    if (version >= 1) writer.noTags();
    return [writer.toBuffer()];
  },
  decodeResponse(version: number, body: Buffer): NamedErrorsResponse {
    assertVersionSpoken(incrementalAlterConfigsApi, version);
    const reader = new ProtocolReader(body, `IncrementalAlterConfigs v${version} response`);
    const throttleTimeMs = reader.int32();
    const results = version >= 1 ? reader.compactArray(readFlexibleResult) : reader.array(readResult);
    if (version >= 1) reader.skipTags();
    reader.expectEnd();
    return { throttleTimeMs, results };
  },
} satisfies ApiDefinition<IncrementalAlterConfigsRequest, NamedErrorsResponse>;

function readResult(reader: ProtocolReader): NamedError {
  const errorCode = reader.int16();
  const errorMessage = reader.nullableString();
  reader.int8();
  return { errorCode, errorMessage, name: reader.string() };
}

function readFlexibleResult(reader: ProtocolReader): NamedError {
  const errorCode = reader.int16();
  const errorMessage = reader.compactNullableString();
  reader.int8();
  const name = reader.compactString();
  reader.skipTags();
  return { errorCode, errorMessage, name };
}
