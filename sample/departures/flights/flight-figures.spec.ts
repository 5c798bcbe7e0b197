import { describe, expect, it } from '@jest/globals';
import { type AnyFlight, FlightFigures } from './flight-figures.js';

function flight(origin: string, delay: number): AnyFlight {
  return { origin, destination: 'JFK', date: new Date('2001-01-14T08:30:00Z'), delay, distance: 760 };
}

const FLIGHTS = [flight('ATL', 61), flight('ATL', -5), flight('BOS', 60), flight('ATL', 7)];

describe('FlightFigures', () => {
  it('adds up departures and minutes by airport, and what is more than an hour late', () => {
    const figures = FlightFigures.of(FLIGHTS);
    expect(figures.departures).toBe(4);
    expect(figures.airports.get('ATL')).toMatchObject({ departures: 3, delay: 63, longDelays: 1 });
    expect(figures.airports.get('BOS')).toMatchObject({ departures: 1, delay: 60, longDelays: 0 });
  });

  it('comes to the same in any order, in parts, and from JSON', () => {
    const whole = FlightFigures.of(FLIGHTS);
    const backwards = FlightFigures.of([...FLIGHTS].reverse());
    expect(whole.differences(backwards)).toEqual([]);
    const parts = new FlightFigures();
    for (const part of [FLIGHTS.slice(0, 1), FLIGHTS.slice(1)]) {
      const { airports } = FlightFigures.of(JSON.parse(JSON.stringify(part)) as AnyFlight[]);
      for (const [airport, figures] of airports) parts.addFigures(airport, figures);
    }
    expect(whole.differences(parts)).toEqual([]);
    expect(parts.departures).toBe(4);
  });

  it('names the airports where a flight is missing, repeated, or another one', () => {
    const whole = FlightFigures.of(FLIGHTS);
    expect(whole.differences(FlightFigures.of(FLIGHTS.slice(1)))).toEqual(['ATL']);
    expect(whole.differences(FlightFigures.of([...FLIGHTS, flight('BOS', 60)]))).toEqual(['BOS']);
    expect(FlightFigures.of(FLIGHTS.slice(0, 2)).differences(whole)).toEqual(['ATL', 'BOS']);
    const swapped = FLIGHTS.map((one) => (one.origin === 'BOS' ? { ...one, destination: 'LGA' } : one));
    expect(whole.differences(FlightFigures.of(swapped))).toEqual(['BOS']);
  });
});
