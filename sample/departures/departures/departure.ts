import type { Flight } from '../flights/flight.js';

/** The value of a record: a flight, and which one it was of all that this application has announced, from 1. */
export interface Departure extends Flight {
  readonly sequence: number;
}

/** A departure as listeners get it: JSON has no dates. */
export interface ReceivedDeparture extends Omit<Departure, 'date'> {
  readonly date: string;
}
