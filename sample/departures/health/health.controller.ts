import { Controller, Get } from '@nestjs/common';
import { HealthCheck, HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import {
  KafkaConsumerHealthIndicator,
  KafkaDurabilityHealthIndicator,
  KafkaProducerHealthIndicator,
} from 'nestjs-kafka-producer/health';

/** What an orchestrator asks: 200, or 503 with the problems. */
@Controller('health')
export class HealthController {
  public constructor(
    private readonly health: HealthCheckService,
    private readonly producer: KafkaProducerHealthIndicator,
    private readonly consumer: KafkaConsumerHealthIndicator,
    private readonly durability: KafkaDurabilityHealthIndicator,
  ) {}

  /** Whether a restart would help. */
  @Get('live')
  @HealthCheck()
  public live(): Promise<HealthCheckResult> {
    return this.health.check([() => this.producer.liveness('producer'), () => this.consumer.liveness('consumer')]);
  }

  /** Whether flights can be sent and are consumed, and what a failing broker would cost. */
  @Get('ready')
  @HealthCheck()
  public ready(): Promise<HealthCheckResult> {
    return this.health.check([
      () => this.producer.readiness('producer'),
      () => this.consumer.readiness('consumer'),
      () => this.durability.readiness('durability'),
    ]);
  }

  /** Whether everything has been connected once. */
  @Get('start')
  @HealthCheck()
  public start(): Promise<HealthCheckResult> {
    return this.health.check([() => this.producer.startup('producer'), () => this.consumer.startup('consumer')]);
  }
}
