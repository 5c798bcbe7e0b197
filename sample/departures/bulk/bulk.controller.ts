import { Controller, Get, Post, Req, UseFilters } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { KafkaErrorFilter } from '../departures/kafka-error.filter.js';
import { BulkService } from './bulk.service.js';
import { FlightFile } from './flight-file.js';
import { VisibleRecords, type VisibleCounts } from './visible-records.js';

@Controller('departures')
@UseFilters(KafkaErrorFilter)
export class BulkController {
  public constructor(
    private readonly file: FlightFile,
    private readonly bulk: BulkService,
    private readonly visible: VisibleRecords,
  ) {}

  /** Stores a whole CSV file of flights or, if one row is bad, nothing. */
  @Post('bulk')
  public async create(@Req() upload: IncomingMessage): Promise<{ stored: number }> {
    return { stored: await this.bulk.announce(this.file.read(upload)) };
  }

  /** How many departures a read_committed and a read_uncommitted consumer see. */
  @Get('count')
  public count(): Promise<VisibleCounts> {
    return this.visible.count();
  }
}
