import { KafkaHeaders } from '@nestjs/microservices';
import { InvalidPartitionError, InvalidRecordError, UnknownTopicError } from '../../producer/errors.js';
import type { KafkaProducer } from '../../producer/kafka-producer.js';
import { RawBytes } from '../../producer/serializers/raw-bytes.js';
import { BrokerResponseError } from '../../wire/broker-response-error.js';
import { messageOf } from '../../wire/message-of.js';
import type { ConsumedRecord } from '../consumed-record.js';
import { encodeReply, encodeReplyError } from './encode-reply.js';
import { ReplyError } from './reply-error.js';

/** Where the reply to a request goes. */
export interface ReplyAddress {
  readonly topic: string;
  readonly partition: number | undefined;
  /** Byte for byte as it came. */
  readonly correlationId: Buffer;
}

/** One message of a reply. */
export interface ReplyPacket {
  readonly response?: unknown;
  readonly error?: { readonly value: unknown };
  /** The last one. */
  readonly isDisposed: boolean;
}

/** The address in the headers of a request by Nest's `ClientKafka`; null for an event. */
export function replyAddress({ headers }: ConsumedRecord): ReplyAddress | null {
  let topic: Buffer | null = null;
  let partition: Buffer | null = null;
  let correlationId: Buffer | null = null;
  for (const { key, value } of headers) {
    if (key === (KafkaHeaders.REPLY_TOPIC as string)) topic = value;
    else if (key === (KafkaHeaders.REPLY_PARTITION as string)) partition = value;
    else if (key === (KafkaHeaders.CORRELATION_ID as string)) correlationId = value;
  }
  if (topic === null || topic.length === 0 || correlationId === null || correlationId.length === 0) return null;
  return { topic: topic.toString(), partition: partitionOf(partition), correlationId: Buffer.from(correlationId) };
}

/** Without a number the partitioner chooses. */
function partitionOf(header: Buffer | null): number | undefined {
  const text = header?.toString() ?? '';
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

/**
 * Sends one message of a reply with Nest's headers.
 * @throws (as a rejection) ReplyError when it can never be sent there; else what the producer throws
 */
export async function publishReply(producer: KafkaProducer, address: ReplyAddress, packet: ReplyPacket): Promise<void> {
  const { correlationId, partition, topic } = address;
  const value = encodeReply(topic, packet.response);
  const headers: { key: string; value: string | Buffer }[] = [
    { key: KafkaHeaders.CORRELATION_ID, value: correlationId },
  ];
  if (packet.error !== undefined)
    headers.push({ key: KafkaHeaders.NEST_ERR, value: encodeReplyError(packet.error.value) });
  if (packet.isDisposed) headers.push({ key: KafkaHeaders.NEST_IS_DISPOSED, value: Buffer.alloc(1) });
  try {
    await producer.send({ topic, partition, value: value === null ? null : new RawBytes(value), headers });
  } catch (cause) {
    throw isFaultOfRequest(cause) ? unreachable(address, cause) : cause;
  }
}

/** Such an error would count as trouble of the cluster, and a wrong header hold up its partition for ever. */
function isFaultOfRequest(error: unknown): boolean {
  return (
    error instanceof UnknownTopicError ||
    error instanceof InvalidPartitionError ||
    error instanceof InvalidRecordError ||
    (error instanceof BrokerResponseError && !error.retriable)
  );
}

function unreachable({ partition, topic }: ReplyAddress, cause: unknown): ReplyError {
  const where = partition === undefined ? topic : `${topic}-${partition}`;
  const reason = messageOf(cause);
  return new ReplyError(
    `The handler has run, but its reply could not be sent to ${where}, which the request names: ${reason}`,
    { topic, partition, cause },
  );
}
