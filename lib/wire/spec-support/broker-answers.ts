import type { BrokerAddress, TopicMetadata } from '../cluster-metadata.js';
import { ProtocolWriter } from '../protocol/protocol-writer.js';
import type { ReceivedRequest } from './scripted-broker.js';

/** Kafka's api keys. */
export const API = {
  produce: 0,
  metadata: 3,
  saslHandshake: 17,
  apiVersions: 18,
  initProducerId: 22,
  saslAuthenticate: 36,
} as const;

export type ApiRange = readonly [key: number, min: number, max: number];

/** What an old but usable broker speaks: nothing flexible besides ApiVersions, so that answers are easily written. */
export const PLAIN_RANGES: readonly ApiRange[] = [
  [API.produce, 0, 8],
  [API.metadata, 0, 5],
  [API.apiVersions, 0, 3],
  [API.initProducerId, 0, 1],
];
export const SASL_RANGES: readonly ApiRange[] = [
  ...PLAIN_RANGES,
  [API.saslHandshake, 0, 1],
  [API.saslAuthenticate, 0, 1],
];

export function apiVersionsAnswer(
  { apiVersion }: Pick<ReceivedRequest, 'apiVersion'>,
  ranges: readonly ApiRange[] = PLAIN_RANGES,
): Buffer {
  const writer = new ProtocolWriter().int16(0);
  const writeRange = ([key, min, max]: ApiRange): ProtocolWriter => writer.int16(key).int16(min).int16(max);
  if (apiVersion >= 3) {
    writer.compactArray(ranges, (range) => writeRange(range).noTags());
    return writer.int32(0).noTags().toBuffer();
  }
  writer.array(ranges, writeRange);
  if (apiVersion >= 1) writer.int32(0);
  return writer.toBuffer();
}

/** Error 35 in the layout of version 0, as a broker answers a version that it does not know. */
export function unsupportedApiVersionsAnswer(ranges: readonly ApiRange[]): Buffer {
  const writer = new ProtocolWriter().int16(35);
  writer.array(ranges, ([key, min, max]) => writer.int16(key).int16(min).int16(max));
  return writer.toBuffer();
}

export function saslHandshakeAnswer(mechanisms: readonly string[] = ['PLAIN']): Buffer {
  const writer = new ProtocolWriter().int16(0);
  writer.array(mechanisms, (mechanism) => writer.string(mechanism));
  return writer.toBuffer();
}

/** @param sessionLifetimeMs 0 for a session that does not end (KIP-368) */
export function saslAuthenticateAnswer(
  { apiVersion }: Pick<ReceivedRequest, 'apiVersion'>,
  sessionLifetimeMs = 0,
  error: { readonly code: number; readonly message: string } | null = null,
): Buffer {
  const writer = new ProtocolWriter();
  writer.int16(error?.code ?? 0).nullableString(error?.message ?? null);
  writer.bytes(Buffer.alloc(0));
  if (apiVersion >= 1) writer.int64FromNumber(sessionLifetimeMs);
  return writer.toBuffer();
}

/** Metadata v4 and v5. */
export function metadataAnswer(
  { apiVersion }: Pick<ReceivedRequest, 'apiVersion'>,
  brokers: readonly BrokerAddress[],
  topics: readonly TopicMetadata[] = [],
): Buffer {
  const writer = new ProtocolWriter().int32(0);
  writer.array(brokers, ({ nodeId, host, port, rack }) =>
    writer.int32(nodeId).string(host).int32(port).nullableString(rack),
  );
  writer.nullableString('scripted').int32(-1);
  const writeNodes = (nodes: readonly number[]): ProtocolWriter => writer.array(nodes, (node) => writer.int32(node));
  writer.array(topics, ({ errorCode, name, isInternal, partitions }) => {
    writer.int16(errorCode).string(name).boolean(isInternal);
    writer.array(partitions, (partition) => {
      writer.int16(partition.errorCode).int32(partition.partition).int32(partition.leaderId);
      writeNodes(partition.replicas);
      writeNodes(partition.isr);
      if (apiVersion >= 5) writeNodes(partition.offlineReplicas);
    });
  });
  return writer.toBuffer();
}

/** InitProducerId v0 and v1. */
export function initProducerIdAnswer(producerId: bigint, epoch = 0, errorCode = 0): Buffer {
  return new ProtocolWriter().int32(0).int16(errorCode).int64(producerId).int16(epoch).toBuffer();
}
