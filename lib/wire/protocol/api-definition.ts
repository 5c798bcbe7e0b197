/**
 * One Kafka API: how its request body is written and its response body read, for every version this library speaks.
 * Bodies only: size, header and the header's tagged fields belong to the connection.
 */
export interface ApiDefinition<Request, Response> {
  /** Kafka's api key. */
  readonly key: number;
  /** Kafka's name of the API, for logs and errors. */
  readonly name: string;
  /** The oldest version spoken here, inclusive. */
  readonly minVersion: number;
  /** The newest version spoken here, inclusive. */
  readonly maxVersion: number;
  /** From this version on the API uses compact types and tagged fields (KIP-482). */
  readonly firstFlexibleVersion: number;
  /**
   * The request body in pieces, to be written one after the other. Pieces may be buffers of the request itself: they must not change
   * until they are on the wire.
   */
  encodeRequest(version: number, request: Request): Buffer[];
  /**
   * @param body the response without its header
   * @throws MalformedResponseError if the bytes are not such a response
   */
  decodeResponse(version: number, body: Buffer): Response;
}

/** Any API, where only its key, name and versions matter. */
export type AnyApi = Pick<
  ApiDefinition<never, unknown>,
  'key' | 'name' | 'minVersion' | 'maxVersion' | 'firstFlexibleVersion'
>;

const API_VERSIONS_KEY = 18;

/** Whether this version's request header ends with tagged fields (request header version 2). */
export function requestHeaderHasTags(api: AnyApi, version: number): boolean {
  return version >= api.firstFlexibleVersion;
}

/**
 * Whether this version's response header ends with tagged fields (response header version 1). ApiVersions never has them: its
 * answer must be readable by a client that does not know the version yet (KIP-511).
 */
export function responseHeaderHasTags(api: AnyApi, version: number): boolean {
  return api.key !== API_VERSIONS_KEY && version >= api.firstFlexibleVersion;
}

/** Throws if a version outside the API's range is asked for, which is a mistake of the caller. */
export function assertVersionSpoken(api: AnyApi, version: number): void {
  if (!Number.isInteger(version) || version < api.minVersion || version > api.maxVersion) {
    throw new RangeError(`${api.name} is spoken in versions ${api.minVersion} to ${api.maxVersion}, not ${version}`);
  }
}
