import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AuditModule } from '../audit/audit.module.js';
import { BoardModule } from '../board/board.module.js';
import { DeparturesModule } from '../departures/departures.module.js';
import { FlightsModule } from '../flights/flights.module.js';
import { CommittedResults } from './committed-results.js';
import { Consumption } from './consumption.js';
import { ConsumptionAudit } from './consumption-audit.js';
import { ReplayGuard } from './replay.guard.js';
import { ReplayService } from './replay.service.js';
import { SummaryRenderer } from './summary.renderer.js';

@Module({
  imports: [FlightsModule, DeparturesModule, BoardModule, AuditModule],
  providers: [
    ReplayService,
    Consumption,
    ConsumptionAudit,
    CommittedResults,
    SummaryRenderer,
    { provide: APP_GUARD, useExisting: ReplayGuard },
    ReplayGuard,
  ],
})
export class ReplayModule {}
