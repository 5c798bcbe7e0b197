import type { ApiDefinition } from './api-definition.js';
import { assertVersionSpoken } from './api-definition.js';
import { ProtocolReader } from './protocol-reader.js';
import { ProtocolWriter } from './protocol-writer.js';

/** What the client tells about itself (KIP-511); sent since version 3. Brokers accept `[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?` only. */
export interface ApiVersionsRequest {
  readonly clientSoftwareName: string;
  readonly clientSoftwareVersion: string;
}

/** The versions of one API that a broker understands, both inclusive. */
export interface ApiVersionRange {
  readonly key: number;
  readonly minVersion: number;
  readonly maxVersion: number;
}

/** The levels of one feature (KIP-584): supported by the broker, or finalized by the cluster. Both inclusive. */
export interface FeatureRange {
  readonly name: string;
  readonly minLevel: number;
  readonly maxLevel: number;
}

/** An ApiVersions response (API key 18). Feature lists are empty before version 3. */
export interface ApiVersionsResponse {
  /** 35 UNSUPPORTED_VERSION means: ask again with a version within the range given for key 18. */
  readonly errorCode: number;
  readonly throttleTimeMs: number;
  /** What the broker understands, by api key. */
  readonly ranges: ReadonlyMap<number, ApiVersionRange>;
  readonly supportedFeatures: readonly FeatureRange[];
  /** The cluster-wide levels, e.g. `transaction.version`: they decide, not the version ranges. */
  readonly finalizedFeatures: readonly FeatureRange[];
  /** Grows with every change of the finalized features; -1 when unknown. */
  readonly finalizedFeaturesEpoch: bigint;
}

const UNSUPPORTED_VERSION = 35;
const TAG_SUPPORTED_FEATURES = 0;
const TAG_FINALIZED_FEATURES_EPOCH = 1;
const TAG_FINALIZED_FEATURES = 2;
const NO_FEATURES = { supportedFeatures: [], finalizedFeatures: [], finalizedFeaturesEpoch: -1n } as const;

/**
 * ApiVersions. A broker that does not know the requested version answers in the layout of version 0 with error 35, whatever was
 * asked; `decodeResponse` recognises that.
 */
export const apiVersionsApi = {
  key: 18,
  name: 'ApiVersions',
  minVersion: 0,
  maxVersion: 3,
  firstFlexibleVersion: 3,
  encodeRequest(version: number, request: ApiVersionsRequest): Buffer[] {
    assertVersionSpoken(apiVersionsApi, version);
    if (version < 3) return [];
    const writer = new ProtocolWriter(64);
    writer.compactString(request.clientSoftwareName).compactString(request.clientSoftwareVersion).noTags();
    return [writer.toBuffer()];
  },
  decodeResponse(version: number, body: Buffer): ApiVersionsResponse {
    assertVersionSpoken(apiVersionsApi, version);
    const reader = new ProtocolReader(body, `ApiVersions v${version} response`);
    const errorCode = reader.int16();
    const layout = errorCode === UNSUPPORTED_VERSION ? 0 : version;
    return layout >= 3 ? readFlexible(reader, errorCode) : readPlain(reader, errorCode, layout);
  },
} satisfies ApiDefinition<ApiVersionsRequest, ApiVersionsResponse>;

function readPlain(reader: ProtocolReader, errorCode: number, layout: number): ApiVersionsResponse {
  const ranges = byKey(reader.array(readRange));
  const throttleTimeMs = layout >= 1 ? reader.int32() : 0;
  reader.expectEnd();
  return { errorCode, throttleTimeMs, ranges, ...NO_FEATURES };
}

function readFlexible(reader: ProtocolReader, errorCode: number): ApiVersionsResponse {
  const ranges = byKey(
    reader.compactArray((element) => {
      const range = readRange(element);
      element.skipTags();
      return range;
    }),
  );
  const throttleTimeMs = reader.int32();
  const tags = reader.tags();
  reader.expectEnd();

  const supported = tags.get(TAG_SUPPORTED_FEATURES);
  const finalized = tags.get(TAG_FINALIZED_FEATURES);
  const epoch = tags.get(TAG_FINALIZED_FEATURES_EPOCH);
  return {
    errorCode,
    throttleTimeMs,
    ranges,
    supportedFeatures: supported === undefined ? [] : readFeatures(reader.nested(supported), 'min-first'),
    finalizedFeatures: finalized === undefined ? [] : readFeatures(reader.nested(finalized), 'max-first'),
    finalizedFeaturesEpoch: epoch === undefined ? -1n : reader.nested(epoch).int64(),
  };
}

function readRange(reader: ProtocolReader): ApiVersionRange {
  return { key: reader.int16(), minVersion: reader.int16(), maxVersion: reader.int16() };
}

function byKey(ranges: readonly ApiVersionRange[]): ReadonlyMap<number, ApiVersionRange> {
  return new Map(ranges.map((range) => [range.key, range]));
}

/** Supported features carry their minimum first, finalized ones their maximum: so it is in Kafka's schema. */
function readFeatures(reader: ProtocolReader, order: 'min-first' | 'max-first'): FeatureRange[] {
  const features = reader.compactArray((element) => {
    const name = element.compactString();
    const first = element.int16();
    const second = element.int16();
    element.skipTags();
    return order === 'min-first'
      ? { name, minLevel: first, maxLevel: second }
      : { name, minLevel: second, maxLevel: first };
  });
  reader.expectEnd();
  return features;
}
