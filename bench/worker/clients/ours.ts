import { NestFactory } from '@nestjs/core';
import {
  KafkaProducer,
  KafkaProducerModule,
  type KafkaProducerConfiguration,
  type ProducerOptions,
} from 'nestjs-kafka-producer';
import type { TelemetryMode } from '../job.js';
import type { BenchClient, BenchTarget } from './bench-client.js';

class BenchModule {}

/** OpenTelemetry's SDK is loaded only where it is measured. */
export async function instrumentationOf(
  telemetry: TelemetryMode | undefined,
): Promise<KafkaProducerConfiguration['instrumentation']> {
  if (telemetry === undefined) return undefined;
  const { createInstrumentation } = await import('../telemetry.js');
  return createInstrumentation(telemetry);
}

/** The producer as an application has it: injected, with its defaults (acks=all, idempotent) besides `options`. */
export async function startOurs(
  brokers: string[],
  options: ProducerOptions = {},
  transactions?: KafkaProducerConfiguration['transactions'],
  telemetry?: TelemetryMode,
): Promise<{ readonly producer: KafkaProducer; close(): Promise<void> }> {
  const kafka = KafkaProducerModule.forRoot({
    client: { brokers, clientId: 'bench' },
    producer: options,
    transactions,
    instrumentation: await instrumentationOf(telemetry),
  });
  const application = await NestFactory.createApplicationContext(
    { module: BenchModule, imports: [kafka] },
    { logger: ['error', 'warn'] },
  );
  return { producer: application.get(KafkaProducer), close: () => application.close() };
}

/** One record per send. */
export async function connectOurs(target: BenchTarget, options: ProducerOptions = {}): Promise<BenchClient> {
  const { producer, close } = await startOurs(target.brokers, options, undefined, target.telemetry);
  const { topic, values } = target;
  let next = 0;
  return {
    recordsPerSend: 1,
    send: () => producer.send({ topic, value: values[next++ % values.length] ?? null }),
    close,
  };
}
