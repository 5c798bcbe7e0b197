import { Controller, type Type } from '@nestjs/common';
import { Ctx, EventPattern, Payload, type KafkaContext } from '@nestjs/microservices';
import type { Producer } from 'kafkajs';
import { KafkaListener, KafkaProducer, Transactional, type ProducerRecord } from 'nestjs-kafka-producer';
import type { BenchRecord } from './bench-record.js';
import type { ConsumptionMeter } from './consumption-meter.js';

/** Where records come from and go to. */
export interface TransformTopics {
  readonly topic: string;
  readonly outputTopic: string;
}

/** One transaction for each record. */
export function transformingHandler({ outputTopic, topic }: TransformTopics, meter: ConsumptionMeter): Type {
  @Controller()
  class TransformingController {
    public constructor(private readonly producer: KafkaProducer) {}

    @KafkaListener(topic)
    @Transactional()
    public async onRecord(@Payload() record: BenchRecord): Promise<void> {
      meter.handled(record.id);
      await this.producer.send(outputOf(record, outputTopic));
    }
  }
  return TransformingController;
}

/** One transaction for so many records, as far as they are there. */
export function batchTransformingHandler(
  { outputTopic, topic }: TransformTopics,
  meter: ConsumptionMeter,
  maxBatchRecords: number,
): Type {
  @Controller()
  class BatchTransformingController {
    public constructor(private readonly producer: KafkaProducer) {}

    @KafkaListener(topic, { batch: true, maxBatchRecords })
    @Transactional()
    public async onBatch(@Payload() records: readonly BenchRecord[]): Promise<void> {
      meter.handledAll(records.map(({ id }) => id));
      await this.producer.sendAll(records.map((record) => outputOf(record, outputTopic)));
    }
  }
  return BatchTransformingController;
}

/** What a user of Nest's own transport writes by hand for the same. */
export function kafkaJsTransformingHandler(
  { outputTopic, topic }: TransformTopics,
  meter: ConsumptionMeter,
  producer: Producer,
  consumerGroupId: string,
): Type {
  @Controller()
  class KafkaJsTransformingController {
    @EventPattern([topic])
    public async onRecord(@Payload() record: BenchRecord, @Ctx() context: KafkaContext): Promise<void> {
      meter.handled(record.id);
      const offset = String(BigInt(context.getMessage().offset) + 1n);
      const transaction = await producer.transaction();
      try {
        await transaction.send({ topic: outputTopic, messages: [{ value: JSON.stringify(record) }] });
        const topics = [{ topic, partitions: [{ partition: context.getPartition(), offset }] }];
        await transaction.sendOffsets({ consumerGroupId, topics });
        await transaction.commit();
      } catch (error) {
        await transaction.abort();
        throw error;
      }
    }
  }
  return KafkaJsTransformingController;
}

function outputOf(record: BenchRecord, topic: string): ProducerRecord<null, string> {
  return { topic, value: JSON.stringify(record) };
}
