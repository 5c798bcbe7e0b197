import type { ApiDefinition } from './api-definition.js';
import { assertVersionSpoken } from './api-definition.js';
import { ProtocolReader } from './protocol-reader.js';
import { ProtocolWriter } from './protocol-writer.js';

/** A FindCoordinator request (API key 10). */
export interface FindCoordinatorRequest {
  /** A group id or a transactional id, as `keyType` says. */
  readonly key: string;
  /** 0: the coordinator of a consumer group; 1: the coordinator of a transactional id. */
  readonly keyType: 0 | 1;
}

/** A FindCoordinator response, in every version for the one key that was asked for. */
export interface FindCoordinatorResponse {
  readonly throttleTimeMs: number;
  /** 15 COORDINATOR_NOT_AVAILABLE also while the broker creates the internal topic, after the first request ever: ask again. */
  readonly errorCode: number;
  readonly errorMessage: string | null;
  /** -1 with an error; so is the port, and the host is empty. */
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

/** FindCoordinator: the broker that looks after a group or a transactional id. Several keys at once (KIP-699) are not asked for. */
export const findCoordinatorApi = {
  key: 10,
  name: 'FindCoordinator',
  minVersion: 1,
  maxVersion: 6,
  firstFlexibleVersion: 3,
  encodeRequest(version: number, request: FindCoordinatorRequest): Buffer[] {
    assertVersionSpoken(findCoordinatorApi, version);
    const writer = new ProtocolWriter(64);
    if (version >= 4) {
      writer.int8(request.keyType);
      writer.compactArray([request.key], (key) => writer.compactString(key));
    } else if (version === 3) {
      writer.compactString(request.key).int8(request.keyType);
    } else {
      writer.string(request.key).int8(request.keyType);
    }
    if (version >= 3) writer.noTags();
    return [writer.toBuffer()];
  },
  decodeResponse(version: number, body: Buffer): FindCoordinatorResponse {
    assertVersionSpoken(findCoordinatorApi, version);
    const reader = new ProtocolReader(body, `FindCoordinator v${version} response`);
    const throttleTimeMs = reader.int32();
    const coordinator = version >= 4 ? readOnlyCoordinator(reader) : readCoordinator(reader, version >= 3);
    if (version >= 3) reader.skipTags();
    reader.expectEnd();
    const { errorCode, port } = coordinator;
    if (errorCode === 0 && (port < 0 || port > 0xffff)) reader.fail(`the coordinator's port is ${port}`);
    return { throttleTimeMs, ...coordinator };
  },
} satisfies ApiDefinition<FindCoordinatorRequest, FindCoordinatorResponse>;

type Coordinator = Omit<FindCoordinatorResponse, 'throttleTimeMs'>;

function readCoordinator(reader: ProtocolReader, flexible: boolean): Coordinator {
  return {
    errorCode: reader.int16(),
    errorMessage: flexible ? reader.compactNullableString() : reader.nullableString(),
    nodeId: reader.int32(),
    host: flexible ? reader.compactString() : reader.string(),
    port: reader.int32(),
  };
}

function readOnlyCoordinator(reader: ProtocolReader): Coordinator {
  const [coordinator, ...others] = reader.compactArray(readKeyedCoordinator);
  if (coordinator === undefined || others.length > 0) {
    return reader.fail(`one key was asked for, and ${coordinator === undefined ? 'none' : 'several'} answered`);
  }
  return coordinator;
}

function readKeyedCoordinator(reader: ProtocolReader): Coordinator {
  reader.compactString();
  const coordinator = {
    nodeId: reader.int32(),
    host: reader.compactString(),
    port: reader.int32(),
    errorCode: reader.int16(),
    errorMessage: reader.compactNullableString(),
  };
  reader.skipTags();
  return coordinator;
}
