import { Injectable } from '@nestjs/common';
import { Airports } from '../flights/airports.js';
import type { AirportFigures, FlightFigures } from '../flights/flight-figures.js';
import type { AirportView } from './snapshot.js';
import { project } from './us-projection.js';

type Place = Pick<AirportView, 'iata' | 'name' | 'city' | 'at'>;

/** Airports as they are shown: with a name, a place on the map, and what their departures come to. */
@Injectable()
export class AirportViews {
  private readonly places = new Map<string, Place>();

  public constructor(private readonly airports: Airports) {}

  /** Most departures first. */
  public of({ airports }: FlightFigures): AirportView[] {
    const views = [...airports].map(([iata, figures]) => this.view(iata, figures));
    return views.sort((a, b) => b.departures - a.departures);
  }

  private view(iata: string, { delay, departures, longDelays }: AirportFigures): AirportView {
    const place = this.places.get(iata) ?? this.find(iata);
    this.places.set(iata, place);
    return { ...place, departures, delay: Math.round((delay / departures) * 10) / 10, longDelays };
  }

  private find(iata: string): Place {
    const airport = this.airports.find(iata);
    if (airport === undefined) return { iata, name: iata, city: '', at: null };
    const point = project(Number(airport.longitude), Number(airport.latitude));
    const at = point === null ? null : { x: Math.round(point.x), y: Math.round(point.y) };
    return { iata, name: airport.name, city: airport.city, at };
  }
}
