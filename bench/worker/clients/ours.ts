import { NestFactory } from '@nestjs/core';
import {
  KafkaProducer,
  KafkaProducerModule,
  type KafkaProducerConfiguration,
  type ProducerOptions,
} from 'nestjs-kafka-producer';
import type { BenchClient, BenchTarget } from './bench-client.js';

class BenchModule {}

/** The producer as an application has it: injected, with its defaults (acks=all, idempotent) besides `options`. */
export async function startOurs(
  brokers: string[],
  options: ProducerOptions = {},
  transactions?: KafkaProducerConfiguration['transactions'],
): Promise<{ readonly producer: KafkaProducer; close(): Promise<void> }> {
  const kafka = KafkaProducerModule.forRoot({
    client: { brokers, clientId: 'bench' },
    producer: options,
    transactions,
  });
  const application = await NestFactory.createApplicationContext(
    { module: BenchModule, imports: [kafka] },
    { logger: ['error', 'warn'] },
  );
  return { producer: application.get(KafkaProducer), close: () => application.close() };
}

/** One record per send. */
export async function connectOurs(target: BenchTarget, options: ProducerOptions = {}): Promise<BenchClient> {
  const { producer, close } = await startOurs(target.brokers, options);
  const { topic, values } = target;
  let next = 0;
  return {
    recordsPerSend: 1,
    send: () => producer.send({ topic, value: values[next++ % values.length] ?? null }),
    close,
  };
}
