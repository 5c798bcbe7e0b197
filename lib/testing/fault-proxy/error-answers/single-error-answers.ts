import { ByteReader } from '../byte-reader.js';
import { ByteWriter } from '../byte-writer.js';
import { apiKeyOf, isFlexible } from '../kafka-api.js';
import type { KafkaFrame } from '../kafka-frame.js';
import type { ErrorAnswer } from './error-answer.js';

const NO_PRODUCER_ID = -1n;
const NO_PRODUCER_EPOCH = -1;
const NO_NODE = -1;
const UNSUPPORTED_VERSION = 35;

function singleErrorAnswer(
  versions: readonly [number, number],
  write: (writer: ByteWriter, request: KafkaFrame, errorCode: number, flexible: boolean) => void,
): ErrorAnswer {
  return {
    versions,
    targets: 'none',
    concerns: () => true,
    answer({ request, errorCode }) {
      const writer = new ByteWriter();
      write(writer, request, errorCode, isFlexible(request.apiKey, request.apiVersion));
      return [writer.toBuffer()];
    },
  };
}

export const initProducerIdErrorAnswer = singleErrorAnswer([0, 5], (writer, _request, errorCode, flexible) => {
  writer.int32(0).int16(errorCode).int64(NO_PRODUCER_ID).int16(NO_PRODUCER_EPOCH).tags(flexible);
});

export const addOffsetsToTxnErrorAnswer = singleErrorAnswer([0, 4], (writer, _request, errorCode, flexible) => {
  writer.int32(0).int16(errorCode).tags(flexible);
});

export const endTxnErrorAnswer = singleErrorAnswer([0, 5], (writer, request, errorCode, flexible) => {
  writer.int32(0).int16(errorCode);
  if (request.apiVersion >= 5) writer.int64(NO_PRODUCER_ID).int16(NO_PRODUCER_EPOCH);
  writer.tags(flexible);
});

/** A broker that does not know the version answers in version 0 with the range it has for ApiVersions itself (KIP-511). */
export const apiVersionsErrorAnswer = singleErrorAnswer([0, 4], (writer, request, errorCode, flexible) => {
  writer.int16(errorCode);
  if (errorCode === UNSUPPORTED_VERSION) {
    writer.arrayLength(1, false).int16(apiKeyOf('ApiVersions')).int16(0).int16(4);
    return;
  }
  writer.arrayLength(0, flexible);
  if (request.apiVersion >= 1) writer.int32(0);
  writer.tags(flexible);
});

function coordinatorKeys(request: KafkaFrame): (string | null)[] {
  const reader = new ByteReader(request.body);
  reader.int8();
  const keys: (string | null)[] = [];
  for (let left = reader.arrayLength(true); left > 0; left -= 1) keys.push(reader.string(true));
  return keys;
}

export const findCoordinatorErrorAnswer = singleErrorAnswer([0, 6], (writer, request, errorCode, flexible) => {
  const version = request.apiVersion;
  if (version >= 1) writer.int32(0);
  if (version < 4) {
    writer.int16(errorCode);
    if (version >= 1) writer.string(null, flexible);
    writer.int32(NO_NODE).string('', flexible).int32(NO_NODE).tags(flexible);
    return;
  }
  const keys = coordinatorKeys(request);
  writer.arrayLength(keys.length, flexible);
  for (const key of keys) {
    writer.string(key, flexible).int32(NO_NODE).string('', flexible).int32(NO_NODE);
    writer.int16(errorCode).string(null, flexible).tags(flexible);
  }
  writer.tags(flexible);
});
