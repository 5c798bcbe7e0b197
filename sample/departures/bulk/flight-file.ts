import { BadRequestException, Injectable } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validate } from 'class-validator';
import { CsvError, parse } from 'csv-parse';
import type { Readable } from 'node:stream';
import { CreateDepartureDto } from '../departures/create-departure.dto.js';
import { Airports } from '../flights/airports.js';

/** A row as `csv-parse` gives it with `info`. */
interface Row {
  readonly info: { readonly lines: number };
  readonly record: Readonly<Record<string, string>>;
}

/** Reads flights from CSV, a row at a time, so that a file of any size passes through. */
@Injectable()
export class FlightFile {
  public constructor(private readonly airports: Airports) {}

  /** @throws BadRequestException at the first row that is not a flight, with its line */
  public async *read(csv: Readable): AsyncGenerator<CreateDepartureDto> {
    const rows = csv.pipe(parse({ columns: true, trim: true, skip_empty_lines: true, info: true }));
    csv.once('error', (error) => rows.destroy(error));
    try {
      for await (const { info, record } of rows as AsyncIterable<Row>) yield await this.toFlight(record, info.lines);
    } catch (error) {
      throw error instanceof CsvError ? new BadRequestException(error.message) : error;
    } finally {
      // Lets the rest of a refused upload run off, so that the client gets to read the answer.
      csv.unpipe(rows).resume();
    }
  }

  private async toFlight({ delay, distance, ...rest }: Row['record'], line: number): Promise<CreateDepartureDto> {
    const flight = plainToInstance(CreateDepartureDto, { ...rest, delay: Number(delay), distance: Number(distance) });
    const problems = (await validate(flight)).flatMap(({ constraints }) => Object.values(constraints ?? {}));
    for (const code of [flight.origin, flight.destination]) {
      if (this.airports.find(code) === undefined) problems.push(`there is no airport ${code}`);
    }
    if (problems.length > 0) throw new BadRequestException(`Line ${line}: ${problems.join(', ')}. Nothing was stored.`);
    return flight;
  }
}
