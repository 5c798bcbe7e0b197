import { Injectable } from '@nestjs/common';
import { Transactional } from 'nestjs-kafka-producer';
import { DeparturesService } from '../departures/departures.service.js';
import type { Flight } from '../flights/flight.js';

const CHUNK = 500;

@Injectable()
export class BulkService {
  public constructor(private readonly departures: DeparturesService) {}

  /** Announces all flights or, when one cannot be read or sent, none: what was sent until then is aborted. */
  @Transactional()
  public async announce(flights: AsyncIterable<Flight>): Promise<number> {
    let announced = 0;
    let chunk: Flight[] = [];
    const send = async (): Promise<void> => {
      announced += (await this.departures.announceAll(chunk)).length;
      chunk = [];
    };
    for await (const flight of flights) {
      if (chunk.push(flight) === CHUNK) await send();
    }
    await send();
    return announced;
  }
}
