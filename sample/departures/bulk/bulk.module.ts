import { Module } from '@nestjs/common';
import { DeparturesModule } from '../departures/departures.module.js';
import { FlightsModule } from '../flights/flights.module.js';
import { BulkController } from './bulk.controller.js';
import { BulkService } from './bulk.service.js';
import { FlightFile } from './flight-file.js';
import { VisibleRecords } from './visible-records.js';

@Module({
  imports: [DeparturesModule, FlightsModule],
  controllers: [BulkController],
  providers: [BulkService, FlightFile, VisibleRecords],
})
export class BulkModule {}
