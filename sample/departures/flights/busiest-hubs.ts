import type { FlightReader } from './flight-reader.js';

/** The airports with the most departures, busiest first; each is given the partition of its rank. */
export class BusiestHubs {
  public constructor(public readonly codes: readonly string[]) {}

  /** Counts them in the data. */
  public static async among(reader: FlightReader, flights: number, count = 3): Promise<BusiestHubs> {
    const departures = [...(await reader.countByOrigin(flights))];
    const busiestFirst = departures.sort(([a, departuresOfA], [b, departuresOfB]) => {
      return departuresOfB - departuresOfA || a.localeCompare(b);
    });
    return new BusiestHubs(busiestFirst.slice(0, count).map(([code]) => code));
  }

  /** `{ ORD: 0, DFW: 1, ATL: 2 }` */
  public get partitions(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.codes.map((code, rank) => [code, rank]));
  }
}
