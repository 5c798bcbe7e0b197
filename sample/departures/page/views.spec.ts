import { describe, expect, it } from '@jest/globals';
import { Airports } from '../flights/airports.js';
import { FlightFigures } from '../flights/flight-figures.js';
import { AirportViews } from './airport-views.js';
import { renderPage } from './page.html.js';
import { Rate } from './rate.js';

describe('Rate', () => {
  it('tells how much a count grows in a second', () => {
    const rate = new Rate();
    expect([rate.next(100, 0), rate.next(300, 2_000), rate.next(300, 3_000)]).toEqual([0, 100, 0]);
  });

  it('is never negative, and defined for two looks at the same time', () => {
    const rate = new Rate();
    rate.next(100, 0);
    expect([rate.next(50, 1_000), rate.next(60, 1_000)]).toEqual([0, 0]);
  });

  it('begins anew after a time in which nobody looked', () => {
    const rate = new Rate();
    rate.next(0, 0);
    expect([rate.next(90_000, 60_000), rate.next(90_010, 61_000)]).toEqual([0, 10]);
  });
});

describe('AirportViews', () => {
  const flight = { destination: 'JFK', date: '2001-01-14T08:30:00.000Z', distance: 760 };

  it('shows airports by their departures, with the average delay and a place on the map', () => {
    const figures = FlightFigures.of([
      { ...flight, origin: 'BOS', delay: 3 },
      { ...flight, origin: 'ATL', delay: 61 },
      { ...flight, origin: 'ATL', delay: 6 },
    ]);
    expect(new AirportViews(new Airports()).of(figures)).toEqual([
      {
        iata: 'ATL',
        name: expect.stringContaining('Atlanta'),
        city: 'Atlanta',
        at: expect.anything(),
        departures: 2,
        delay: 33.5,
        longDelays: 1,
      },
      {
        iata: 'BOS',
        name: expect.any(String),
        city: 'Boston',
        at: expect.anything(),
        departures: 1,
        delay: 3,
        longDelays: 0,
      },
    ]);
  });

  it('shows an airport that it does not know by its code, beside the map', () => {
    const [view] = new AirportViews(new Airports()).of(FlightFigures.of([{ ...flight, origin: 'QQ9', delay: 1 }]));
    expect(view).toMatchObject({ iata: 'QQ9', name: 'QQ9', at: null });
  });
});

describe('renderPage', () => {
  it('has everything in it: no link leads out of it', () => {
    const page = renderPage('M0,0L1,1Z');
    expect(page).toContain('<path d="M0,0L1,1Z">');
    expect(page.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|src=|@import|url\(/);
  });
});
