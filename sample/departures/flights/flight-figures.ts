import { crc32 } from 'node:zlib';
import type { Flight } from './flight.js';

/** More minutes than this are worth an alert. */
export const LONG_DELAY = 60;

/** A flight, or one that was JSON, which has no dates. */
export type AnyFlight = Omit<Flight, 'date'> & { readonly date: Date | string };

/** What flights from one airport come to. Sums alone, so figures of parts add up to those of the whole, in any order. */
export interface AirportFigures {
  readonly departures: number;
  /** Minutes, early departures taken off. */
  readonly delay: number;
  readonly longDelays: number;
  /** Of all that is known about each flight. */
  readonly checksum: number;
}

const NOTHING: AirportFigures = { departures: 0, delay: 0, longDelays: 0, checksum: 0 };

/** Adds up flights by the airport they leave from: in memory, for a line of a file, or for records of a topic. */
export class FlightFigures {
  private readonly byAirport = new Map<string, AirportFigures>();
  private total = 0;

  public static of(flights: Iterable<AnyFlight>): FlightFigures {
    const figures = new FlightFigures();
    for (const flight of flights) figures.add(flight);
    return figures;
  }

  public get departures(): number {
    return this.total;
  }

  public get airports(): ReadonlyMap<string, AirportFigures> {
    return this.byAirport;
  }

  public add({ origin, destination, date, delay, distance }: AnyFlight): void {
    const at = typeof date === 'string' ? date : date.toISOString();
    const checksum = crc32(`${origin} ${destination} ${at} ${delay} ${distance}`);
    this.addFigures(origin, { departures: 1, delay, longDelays: delay > LONG_DELAY ? 1 : 0, checksum });
  }

  public addFigures(airport: string, { departures, delay, longDelays, checksum }: AirportFigures): void {
    const sum = this.byAirport.get(airport) ?? NOTHING;
    this.total += departures;
    this.byAirport.set(airport, {
      departures: sum.departures + departures,
      delay: sum.delay + delay,
      longDelays: sum.longDelays + longDelays,
      checksum: (sum.checksum + checksum) % 2 ** 32,
    });
  }

  /** The airports that others have other figures for. */
  public differences(others: FlightFigures): string[] {
    const airports = new Set([...this.byAirport.keys(), ...others.byAirport.keys()]);
    const textOf = ({ byAirport }: FlightFigures, airport: string): string => JSON.stringify(byAirport.get(airport));
    return [...airports].filter((airport) => textOf(this, airport) !== textOf(others, airport));
  }
}
