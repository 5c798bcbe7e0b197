import { Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { AuditLog } from '../audit/audit-log.js';
import { Board } from '../board/board.js';
import type { ReceivedDeparture } from '../departures/departure.js';
import type { FlightFigures } from '../flights/flight-figures.js';
import type { Check } from './check.js';
import { CommittedResults, type Results } from './committed-results.js';

const VISIBLE_WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 50;

/** Compares what the three consumer groups have made of the departures with the flights themselves. */
@Injectable()
export class ConsumptionAudit {
  public constructor(
    private readonly board: Board,
    private readonly log: AuditLog,
    private readonly results: CommittedResults,
  ) {}

  /** @param flights what the file with the flights adds up to */
  public async checks(flights: FlightFigures): Promise<Check[]> {
    const { alerts, counters } = await this.committed(flights);
    return [
      compare('Board, auto commit: every departure', this.board.figures, flights),
      compare('Audit log, commit per batch: every departure', this.log.figures(), flights),
      compare('Counters, in transactions: every departure once', counters, flights),
      compareAlerts(alerts, flights),
    ];
  }

  /** Brokers show what was sent in a transaction shortly after its commit. */
  private async committed(flights: FlightFigures): Promise<Results> {
    const deadline = performance.now() + VISIBLE_WITHIN_MS;
    for (;;) {
      const results = await this.results.read();
      const isComplete =
        results.counters.departures >= flights.departures && results.alerts.length >= longDelays(flights);
      if (isComplete || performance.now() > deadline) return results;
      await delay(LOOK_EVERY_MS);
    }
  }
}

function longDelays({ airports }: FlightFigures): number {
  return [...airports.values()].reduce((sum, figures) => sum + figures.longDelays, 0);
}

function compare(claim: string, figures: FlightFigures, flights: FlightFigures): Check {
  const wrong = figures.differences(flights);
  const finding = `${figures.departures.toLocaleString('en')} from ${figures.airports.size} airports`;
  return {
    claim,
    finding: wrong.length === 0 ? finding : `${finding}, but not ${shortened(wrong)}`,
    holds: figures.departures > 0 && wrong.length === 0,
  };
}

function compareAlerts(alerts: readonly ReceivedDeparture[], flights: FlightFigures): Check {
  const expected = longDelays(flights);
  const different = new Set(alerts.map(({ sequence }) => sequence)).size;
  return {
    claim: 'Alerts, in transactions: every delay over an hour once',
    finding: `${different.toLocaleString('en')} of ${expected.toLocaleString('en')}, ${alerts.length - different} repeated`,
    holds: flights.departures > 0 && different === expected && alerts.length === expected,
  };
}

function shortened(airports: readonly string[]): string {
  const [first, second, third, ...others] = airports;
  const named = [first, second, third].filter((airport) => airport !== undefined).join(', ');
  return others.length === 0 ? named : `${named} and ${others.length} others`;
}
