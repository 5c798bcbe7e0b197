import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { KafkaHealthModule } from 'nestjs-kafka-producer/health';
import { Topics } from '../names.js';
import { HealthController } from './health.controller.js';

@Module({
  imports: [
    TerminusModule,
    KafkaHealthModule.forRoot({ producer: { topics: [Topics.departures] }, consumer: { maxLag: 100_000 } }),
  ],
  controllers: [HealthController],
})
export class HealthModule {}
