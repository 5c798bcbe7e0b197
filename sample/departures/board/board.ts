import { Injectable, UnprocessableEntityException } from '@nestjs/common';
import type { ReceivedDeparture } from '../departures/departure.js';
import { FlightFigures } from '../flights/flight-figures.js';

const ALERTS = 8;

/** What the board shows. It is kept in memory, so it begins anew with the application, and may count a flight twice after a crash. */
@Injectable()
export class Board {
  public readonly figures = new FlightFigures();
  private latest: readonly ReceivedDeparture[] = [];

  /** The latest departures that are more than an hour late, newest first. */
  public get alerts(): readonly ReceivedDeparture[] {
    return this.latest;
  }

  /** @throws UnprocessableEntityException for a flight that no board has a line for; another attempt would not help */
  public add(departure: ReceivedDeparture): void {
    const { destination, origin } = departure;
    if (origin === destination) throw new UnprocessableEntityException(`A flight from ${origin} to ${destination}.`);
    this.figures.add(departure);
  }

  public alert(departure: ReceivedDeparture): void {
    this.latest = [departure, ...this.latest].slice(0, ALERTS);
  }
}
