import { Controller, Get } from '@nestjs/common';
import { HealthCheckService } from '@nestjs/terminus';
import {
  KafkaConsumerHealthIndicator,
  KafkaDurabilityHealthIndicator,
  KafkaProducerHealthIndicator,
} from 'nestjs-kafka-producer/health';

@Controller('health')
export class HealthController {
  public constructor(
    private readonly health: HealthCheckService,
    private readonly producer: KafkaProducerHealthIndicator,
    private readonly consumer: KafkaConsumerHealthIndicator,
    private readonly durability: KafkaDurabilityHealthIndicator,
  ) {}

  @Get('live')
  public async live(): Promise<unknown> {
    return this.health.check([() => this.producer.liveness('producer'), () => this.consumer.liveness('consumer')]);
  }

  @Get('ready')
  public async ready(): Promise<unknown> {
    return this.health.check([
      () => this.producer.readiness('producer'),
      () => this.consumer.readiness('consumer'),
      () => this.durability.readiness('durability'),
    ]);
  }

  @Get('start')
  public async start(): Promise<unknown> {
    return this.health.check([
      () => this.producer.startup('producer'),
      () => this.consumer.startup('consumer'),
      () => this.durability.startup('durability'),
    ]);
  }
}
