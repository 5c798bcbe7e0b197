import { Module } from '@nestjs/common';
import { DeparturesModule } from '../departures/departures.module.js';
import { FlightsModule } from '../flights/flights.module.js';
import { ReplayService } from './replay.service.js';
import { SummaryRenderer } from './summary.renderer.js';

@Module({
  imports: [FlightsModule, DeparturesModule],
  providers: [ReplayService, SummaryRenderer],
})
export class ReplayModule {}
