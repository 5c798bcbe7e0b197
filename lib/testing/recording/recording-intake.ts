import { closeParts } from '../../producer/internals/close-parts.js';
import { InterceptorChain } from '../../producer/internals/interceptor-chain.js';
import { RecordSerializer, type SerializedRecord } from '../../producer/internals/record-serializer.js';
import { runUserCode } from '../../producer/internals/user-code.js';
import { InvalidPartitionError, InvalidRecordError } from '../../producer/errors.js';
import { murmur2, toPositive } from '../../producer/partitioners/murmur2.js';
import type { Partitioner } from '../../producer/partitioners/partitioner.js';
import type { ProducerEngineDependencies } from '../../producer/producer-engine-api.js';
import type { ProducerRecord, RecordMetadata } from '../../producer/record.js';
import { KafkaError } from '../../wire/kafka-error.js';
import { messageOf } from '../../wire/message-of.js';
import type { RecordingCluster } from './recording-cluster.js';
import type { PlacedRecord } from './sent-record.js';

/** Where the built-in partitioner puts a record without a key. Kafka's spreads them by load, of which there is none here. */
const PARTITION_WITHOUT_KEY = 0;

/** The way of a record from `send` to its partition: interceptors, serializers, partitioner. One for all engines, which share these parts. */
export class RecordingIntake {
  private readonly interceptors: InterceptorChain;
  private readonly serializer: RecordSerializer;

  public constructor(
    private readonly dependencies: ProducerEngineDependencies,
    public readonly cluster: RecordingCluster,
  ) {
    this.interceptors = new InterceptorChain(dependencies.interceptors, dependencies.log);
    this.serializer = new RecordSerializer(dependencies);
  }

  /** @throws KafkaError: the record cannot be sent as it is */
  public place(offered: ProducerRecord): PlacedRecord {
    try {
      const record = this.interceptors.onSend(offered);
      const serialized = this.serializer.serialize(record, Date.now());
      return { record, serialized, partition: this.partitionOf(record, serialized) };
    } catch (cause) {
      if (cause instanceof KafkaError) throw cause;
      const reason = messageOf(cause);
      throw new InvalidRecordError(`A record was not sent: reading it failed: ${reason}`, { cause });
    }
  }

  /** Tells the interceptors how a record ended. */
  public acknowledge(metadata: RecordMetadata, error: Error | null): void {
    this.interceptors.onAcknowledgement(metadata, error);
  }

  public close(): void {
    closeParts(this.dependencies);
  }

  private partitionOf(record: ProducerRecord, serialized: SerializedRecord): number {
    const { topic } = serialized;
    const count = this.cluster.partitionCount(topic);
    const partition = record.partition ?? this.choose(record, serialized, count);
    if (Number.isInteger(partition) && partition >= 0 && partition < count) return partition;
    const { partitioner } = this.dependencies;
    const who = record.partition === undefined && partitioner !== null ? partitioner.constructor.name : 'It';
    throw new InvalidPartitionError(
      `A record for ${topic} was not sent: ${who} names partition ${String(partition)}, but the topic has ${count} (0 to ${count - 1}). ` +
        'The option partitions of RecordingKafkaProducer says how many a topic has.',
      { topic },
    );
  }

  private choose(record: ProducerRecord, { key: keyBytes, topic }: SerializedRecord, count: number): number {
    const { config, partitioner } = this.dependencies;
    if (partitioner !== null) return this.ask(partitioner, record, keyBytes, topic);
    if (keyBytes === null || config.partitionerIgnoreKeys) return PARTITION_WITHOUT_KEY;
    return toPositive(murmur2(keyBytes)) % count;
  }

  private ask(partitioner: Partitioner, record: ProducerRecord, keyBytes: Buffer | null, topic: string): number {
    const { cluster } = this;
    const { name } = partitioner.constructor;
    const { key, value } = record;
    try {
      const partition = partitioner.partition({ topic, key, keyBytes, value, cluster });
      // Each record is a batch of its own here, as it is for a producer that is not busy.
      runUserCode(`${name}.onNewBatch`, this.dependencies.log, () =>
        partitioner.onNewBatch?.(topic, cluster, partition),
      );
      return partition;
    } catch (cause) {
      if (cause instanceof KafkaError) throw cause;
      const reason = messageOf(cause);
      throw new InvalidPartitionError(`${name} threw for a record for ${topic}: ${reason}`, { topic, cause });
    }
  }
}
