import { BadRequestException, Body, Controller, Post, UseFilters } from '@nestjs/common';
import type { RecordMetadata } from 'nestjs-kafka-producer';
import { Airports } from '../flights/airports.js';
import { CreateDepartureDto } from './create-departure.dto.js';
import { DeparturesService } from './departures.service.js';
import { KafkaErrorFilter } from './kafka-error.filter.js';

@Controller('departures')
@UseFilters(KafkaErrorFilter)
export class DeparturesController {
  public constructor(
    private readonly departures: DeparturesService,
    private readonly airports: Airports,
  ) {}

  /** Answers when the departure is stored, with where. */
  @Post()
  public async create(
    @Body() departure: CreateDepartureDto,
  ): Promise<Pick<RecordMetadata, 'topic' | 'partition' | 'offset'>> {
    for (const code of [departure.origin, departure.destination]) {
      if (this.airports.find(code) === undefined) throw new BadRequestException(`There is no airport ${code}.`);
    }
    const { topic, partition, offset } = await this.departures.announce(departure);
    return { topic, partition, offset };
  }
}
