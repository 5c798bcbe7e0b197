import { Injectable } from '@nestjs/common';
import { Transactional } from 'nestjs-kafka-producer';
import { DeparturesService } from '../departures/departures.service.js';
import type { Flight } from '../flights/flight.js';

/** So many on their way at a time, so that a slow broker slows the reading down. */
const MOST_ON_THEIR_WAY = 500;

@Injectable()
export class BulkService {
  public constructor(private readonly departures: DeparturesService) {}

  /** Announces all flights or, when one cannot be read or sent, none: what was sent until then is aborted. */
  @Transactional()
  public async announce(flights: AsyncIterable<Flight>): Promise<number> {
    const onTheirWay: Promise<unknown>[] = [];
    let announced = 0;
    for await (const flight of flights) {
      announced++;
      if (onTheirWay.push(this.departures.announce(flight)) === MOST_ON_THEIR_WAY)
        await Promise.all(onTheirWay.splice(0));
    }
    // The transaction itself awaits the last ones.
    return announced;
  }
}
