import { Module } from '@nestjs/common';
import { FlightsModule } from '../flights/flights.module.js';
import { DeparturesController } from './departures.controller.js';
import { DeparturesService } from './departures.service.js';
import { ProducerController } from './producer.controller.js';

@Module({
  imports: [FlightsModule],
  controllers: [DeparturesController, ProducerController],
  providers: [DeparturesService],
  exports: [DeparturesService],
})
export class DeparturesModule {}
