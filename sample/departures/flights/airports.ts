import { Injectable } from '@nestjs/common';
import { parse } from 'csv-parse/sync';
import { readFileSync } from 'node:fs';
import { dataFile } from './data-file.js';

export interface Airport {
  readonly iata: string;
  readonly name: string;
  readonly city: string;
  readonly state: string;
  /** Degrees, as text. */
  readonly latitude: string;
  readonly longitude: string;
}

/** The airports of the United States, by IATA code. */
@Injectable()
export class Airports {
  private readonly byCode: ReadonlyMap<string, Airport>;

  public constructor() {
    const airports = parse<Airport>(readFileSync(dataFile('airports.csv')), { columns: true });
    this.byCode = new Map(airports.map((airport) => [airport.iata, airport]));
  }

  public find(iata: string): Airport | undefined {
    return this.byCode.get(iata);
  }
}
