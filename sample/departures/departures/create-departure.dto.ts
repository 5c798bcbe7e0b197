import { Type } from 'class-transformer';
import { IsDate, IsInt, Matches, Max, Min } from 'class-validator';
import type { Flight } from '../flights/flight.js';

const IATA_CODE = /^[A-Z0-9]{3}$/;

/** The body of `POST /departures`. */
export class CreateDepartureDto implements Flight {
  @Matches(IATA_CODE, { message: 'origin must be the IATA code of an airport, e.g. ATL' })
  public readonly origin!: string;

  @Matches(IATA_CODE, { message: 'destination must be the IATA code of an airport, e.g. JFK' })
  public readonly destination!: string;

  @Type(() => Date)
  @IsDate({ message: 'date must be a date, e.g. 2001-01-14T08:30:00Z' })
  public readonly date!: Date;

  @IsInt()
  @Min(-1440)
  public readonly delay: number = 0;

  @IsInt()
  @Min(1)
  @Max(12_500)
  public readonly distance!: number;
}
