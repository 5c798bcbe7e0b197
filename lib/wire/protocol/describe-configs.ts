import type { ApiDefinition } from './api-definition.js';
import { assertVersionSpoken } from './api-definition.js';
import { ProtocolReader } from './protocol-reader.js';
import { ProtocolWriter } from './protocol-writer.js';

/** What a resource is, by Kafka's `ConfigResource.Type`. */
export const ConfigResourceType = { TOPIC: 2, BROKER: 4 } as const;

/** Where a value comes from, by Kafka's `DescribeConfigsResponse.ConfigSource`. */
export const ConfigSource = {
  TOPIC_CONFIG: 1,
  DYNAMIC_BROKER_CONFIG: 2,
  DYNAMIC_DEFAULT_BROKER_CONFIG: 3,
  STATIC_BROKER_CONFIG: 4,
  DEFAULT_CONFIG: 5,
} as const;

/** A resource to tell about: a topic by its name, a broker by its node id as text. */
export interface DescribeConfigsResource {
  readonly type: number;
  readonly name: string;
  /** null for all. */
  readonly keys: readonly string[] | null;
}

/** A DescribeConfigs request (API key 32): topics from any broker, a broker's settings from that broker. Synonyms and documentation are not asked for. */
export interface DescribeConfigsRequest {
  readonly resources: readonly DescribeConfigsResource[];
}

/** One setting as it is in force. */
export interface DescribedConfig {
  readonly name: string;
  /** null for a sensitive one, and for one without a value. */
  readonly value: string | null;
  readonly isReadOnly: boolean;
  /** One of `ConfigSource`, or a later one. */
  readonly source: number;
  readonly isSensitive: boolean;
}

/** The settings of one resource. With an error there are none. */
export interface DescribedResource {
  /** 3 UNKNOWN_TOPIC_OR_PARTITION, 29 TOPIC_AUTHORIZATION_FAILED, 31 CLUSTER_AUTHORIZATION_FAILED and others. */
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly type: number;
  readonly name: string;
  readonly configs: readonly DescribedConfig[];
}

/** A DescribeConfigs response. */
export interface DescribeConfigsResponse {
  readonly throttleTimeMs: number;
  readonly resources: readonly DescribedResource[];
}

/** DescribeConfigs: the settings of topics and brokers as they are in force (KIP-133, KIP-226). */
export const describeConfigsApi = {
  key: 32,
  name: 'DescribeConfigs',
  minVersion: 1,
  maxVersion: 4,
  firstFlexibleVersion: 4,
  encodeRequest(version: number, { resources }: DescribeConfigsRequest): Buffer[] {
    assertVersionSpoken(describeConfigsApi, version);
    const writer = new ProtocolWriter();
    if (version >= 4) {
      writer.compactArray(resources, ({ type, name, keys }) => {
        writer.int8(type).compactString(name);
        writer.compactNullableArray(keys, (key) => writer.compactString(key)).noTags();
      });
    } else {
      writer.array(resources, ({ type, name, keys }) => {
        writer.int8(type).string(name);
        writer.nullableArray(keys, (key) => writer.string(key));
      });
    }
    writer.boolean(false);
    if (version >= 3) writer.boolean(false);
    if (version >= 4) writer.noTags();
    return [writer.toBuffer()];
  },
  decodeResponse(version: number, body: Buffer): DescribeConfigsResponse {
    assertVersionSpoken(describeConfigsApi, version);
    const reader = new ProtocolReader(body, `DescribeConfigs v${version} response`);
    const throttleTimeMs = reader.int32();
    const resources =
      version >= 4 ? reader.compactArray(readFlexibleResource) : reader.array((entry) => readResource(entry, version));
    if (version >= 4) reader.skipTags();
    reader.expectEnd();
    return { throttleTimeMs, resources };
  },
} satisfies ApiDefinition<DescribeConfigsRequest, DescribeConfigsResponse>;

function readResource(reader: ProtocolReader, version: number): DescribedResource {
  return {
    errorCode: reader.int16(),
    errorMessage: reader.nullableString(),
    type: reader.int8(),
    name: reader.string(),
    configs: reader.array(() => readConfig(reader, version)),
  };
}

function readFlexibleResource(reader: ProtocolReader): DescribedResource {
  const resource = {
    errorCode: reader.int16(),
    errorMessage: reader.compactNullableString(),
    type: reader.int8(),
    name: reader.compactString(),
    configs: reader.compactArray(readFlexibleConfig),
  };
  reader.skipTags();
  return resource;
}

function readConfig(reader: ProtocolReader, version: number): DescribedConfig {
  const config = {
    name: reader.string(),
    value: reader.nullableString(),
    isReadOnly: reader.boolean(),
    source: reader.int8(),
    isSensitive: reader.boolean(),
  };
  // Synonyms, the type, and the documentation.
  reader.array(() => [reader.string(), reader.nullableString(), reader.int8()]);
  if (version >= 3) {
    reader.int8();
    reader.nullableString();
  }
  return config;
}

function readFlexibleConfig(reader: ProtocolReader): DescribedConfig {
  const config = {
    name: reader.compactString(),
    value: reader.compactNullableString(),
    isReadOnly: reader.boolean(),
    source: reader.int8(),
    isSensitive: reader.boolean(),
  };
  reader.compactArray(() => {
    reader.compactString();
    reader.compactNullableString();
    reader.int8();
    reader.skipTags();
  });
  reader.int8();
  reader.compactNullableString();
  reader.skipTags();
  return config;
}
