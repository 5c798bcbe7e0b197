import { beforeEach, describe, expect, it } from '@jest/globals';
import { UnprocessableEntityException } from '@nestjs/common';
import type { ReceivedDeparture } from '../departures/departure.js';
import { Board } from './board.js';

function departure(sequence: number, destination = 'JFK'): ReceivedDeparture {
  return { sequence, origin: 'ATL', destination, date: '2001-01-14T08:30:00.000Z', delay: 75, distance: 760 };
}

let board: Board;

beforeEach(() => {
  board = new Board();
});

describe('Board', () => {
  it('shows what departures come to', () => {
    board.add(departure(1));
    board.add(departure(2));
    expect(board.figures.airports.get('ATL')).toMatchObject({ departures: 2, delay: 150, longDelays: 2 });
  });

  it('refuses a flight that goes nowhere, for good, and does not count it', () => {
    expect(() => board.add(departure(1, 'ATL'))).toThrow(UnprocessableEntityException);
    expect(board.figures.departures).toBe(0);
  });

  it('shows the latest eight alerts, newest first', () => {
    for (let i = 1; i <= 20; i++) board.alert(departure(i));
    expect(board.alerts.map(({ sequence }) => sequence)).toEqual([20, 19, 18, 17, 16, 15, 14, 13]);
  });
});
