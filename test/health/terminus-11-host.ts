import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthCheckService, TerminusModule } from 'terminus-11';
import {
  KafkaDurabilityHealthIndicator,
  KafkaHealthModule,
  KafkaProducerHealthIndicator,
} from '../../lib/health/index.js';
import { KafkaProducer, KafkaProducerModule } from '../../lib/index.js';
import { waitUntil } from '../../lib/testing/wait-until.js';

/** What Terminus 11's service makes of results that are up, degraded and down. */
@Module({
  imports: [
    KafkaProducerModule.forRoot({
      client: { brokers: [process.argv[2] ?? ''] },
    }),
    TerminusModule.forRoot({ logger: false }),
    KafkaHealthModule,
  ],
})
class Application {}

const app = await NestFactory.createApplicationContext(Application, { logger: false });
const service = app.get(HealthCheckService);
const producer = app.get(KafkaProducerHealthIndicator);
const durability = app.get(KafkaDurabilityHealthIndicator);
// One replica, which Terminus 12 would call degraded.
await app.get(KafkaProducer).send({ topic: process.argv[3] ?? '', value: 1 });
await waitUntil('what the topic is like', 10_000, () => durability.readiness('topics').topics.warnings !== undefined);
const well = await service.check([() => producer.readiness('kafka'), () => durability.readiness('topics')]);
const limits = { maxOldestRecordAgeMs: -1 };
const unwell: unknown = await service
  .check([() => producer.readiness('kafka', limits)])
  .catch((error: unknown) => error);
process.send?.({ well, unwell });
await app.close();
