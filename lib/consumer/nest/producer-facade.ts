import type {
  IHeaders,
  Message,
  Producer,
  ProducerBatch,
  ProducerRecord as KafkajsRecord,
  RecordMetadata as KafkajsMetadata,
} from 'kafkajs';
import type { KafkaProducer } from '../../producer/kafka-producer.js';
import type { ProducerRecord, RecordHeaderValue, RecordMetadata } from '../../producer/record.js';
import { RawBytes } from '../../producer/serializers/raw-bytes.js';
import { createFacade } from './facade.js';

/** What `context.getProducer()` gives: `send` and `sendBatch` of kafkajs, by the producer of this library, so within its transaction if there is one. */
export function createProducerFacade(producer: KafkaProducer): Producer {
  const send = async (records: readonly KafkajsRecord[]): Promise<KafkajsMetadata[]> =>
    summary(
      await producer.sendAll(
        records.flatMap(({ messages, topic }) => messages.map((message) => toRecord(topic, message))),
      ),
    );
  return createFacade(
    'The producer of KafkaContext',
    {
      send: (record: KafkajsRecord) => send([record]),
      sendBatch: ({ topicMessages = [] }: ProducerBatch) => send(topicMessages),
    },
    {
      '': 'inject KafkaProducer, which has send, sendAll, flush, metrics and status.',
      transaction: 'put @Transactional() on the handler, or inject KafkaProducer and call its transaction(work).',
      connect: 'the producer is connected as long as the application runs.',
      disconnect: 'the producer closes with the application.',
    },
  ) as Producer;
}

function toRecord(topic: string, { headers, key, partition, timestamp, value }: Message): ProducerRecord {
  return {
    topic,
    key: raw(key ?? null),
    value: raw(value),
    partition,
    ...(timestamp === undefined ? {} : { timestamp: Number(timestamp) }),
    ...(headers === undefined ? {} : { headers: toHeaders(headers) }),
  };
}

/** kafkajs knows text and bytes alone, so the producer's serializers have nothing to do. */
function raw(data: Buffer | string | null): RawBytes | null {
  if (data === null) return null;
  return new RawBytes(typeof data === 'string' ? Buffer.from(data) : data);
}

function toHeaders(headers: IHeaders): { key: string; value: RecordHeaderValue }[] {
  return Object.entries(headers).flatMap(([key, value]) =>
    value === undefined ? [] : (Array.isArray(value) ? value : [value]).map((single) => ({ key, value: single })),
  );
}

/** The first record of each partition, as kafkajs tells it. */
function summary(sent: readonly RecordMetadata[]): KafkajsMetadata[] {
  const byPartition = new Map<string, KafkajsMetadata>();
  for (const { offset, partition, topic } of sent) {
    const name = `${topic}-${partition}`;
    if (byPartition.has(name)) continue;
    byPartition.set(name, {
      topicName: topic,
      partition,
      errorCode: 0,
      baseOffset: offset,
      logAppendTime: '-1',
      logStartOffset: '0',
    });
  }
  return [...byPartition.values()];
}
