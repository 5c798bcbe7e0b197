import type { Attributes } from '@opentelemetry/api';

/** Names of the semantic conventions for messaging, v1.44 (docs/messaging, in development). */
export const Names = {
  system: 'messaging.system',
  operationName: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  destination: 'messaging.destination.name',
  partition: 'messaging.destination.partition.id',
  group: 'messaging.consumer.group.name',
  clientId: 'messaging.client.id',
  key: 'messaging.kafka.message.key',
  offset: 'messaging.kafka.offset',
  tombstone: 'messaging.kafka.message.tombstone',
  batchCount: 'messaging.batch.message_count',
  errorType: 'error.type',
} as const;

/** What is done, and its type by the conventions. */
export const Operations = {
  send: 'send',
  receive: 'receive',
  process: 'process',
  commit: 'settle',
} as const;
export type OperationName = keyof typeof Operations;

/** Who does what with which topic. */
export interface MessagingOperation {
  readonly name: OperationName;
  readonly clientId: string;
  /** null where there are several. */
  readonly topic: string | null;
  /** null for a producer. */
  readonly groupId: string | null;
}

/** What spans of the operation have at least. */
export function spanAttributes({ clientId, groupId, name, topic }: MessagingOperation): Attributes {
  const attributes: Attributes = {
    [Names.system]: 'kafka',
    [Names.operationName]: name,
    [Names.operationType]: Operations[name],
    [Names.clientId]: clientId,
  };
  if (topic !== null) attributes[Names.destination] = topic;
  if (groupId !== null) attributes[Names.group] = groupId;
  return attributes;
}

/**
 * What every measurement has: always the same keys, so that series of one instrument never differ in their labels; empty where there is nothing to tell, which Prometheus takes for absent.
 * @param errorType empty for a success
 */
export function metricAttributes(
  { clientId, groupId, name, topic }: MessagingOperation,
  errorType: string,
): Attributes {
  return {
    [Names.system]: 'kafka',
    [Names.operationName]: name,
    [Names.operationType]: Operations[name],
    [Names.destination]: topic ?? '',
    [Names.group]: groupId ?? '',
    [Names.clientId]: clientId,
    [Names.errorType]: errorType,
  };
}
