import { Controller, Get } from '@nestjs/common';
import { KafkaProducer, type ProducerMetrics } from 'nestjs-kafka-producer';

@Controller('producer')
export class ProducerController {
  public constructor(private readonly producer: KafkaProducer) {}

  @Get('metrics')
  public metrics(): ProducerMetrics {
    return this.producer.metrics();
  }
}
