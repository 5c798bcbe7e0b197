import type { Flight } from '../flights/flight.js';

/** The value of a record: a flight, and which one it was of all that this application has announced, from 1. */
export interface Departure extends Flight {
  readonly sequence: number;
}
