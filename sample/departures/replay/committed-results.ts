import { Injectable } from '@nestjs/common';
import type { ReceivedDeparture } from '../departures/departure.js';
import { FlightFigures } from '../flights/flight-figures.js';
import { Topics } from '../names.js';
import { Settings } from '../settings.js';

const COMMITTED = { isolation: 'read_committed' } as const;

/** What transactions have made of departures. */
export interface Results {
  /** What the counters of all airports add up to. */
  readonly counters: FlightFigures;
  /** The departures there are alerts for. */
  readonly alerts: readonly ReceivedDeparture[];
}

/** Reads what transactions have made of the departures, as every `read_committed` consumer sees it. */
@Injectable()
export class CommittedResults {
  public constructor(private readonly settings: Settings) {}

  public async read(): Promise<Results> {
    const counters = new FlightFigures();
    const alerts: ReceivedDeparture[] = [];
    const { cluster } = this.settings;
    await Promise.all([
      cluster.visitTopic(
        Topics.airportCounters,
        ({ key, value }) => counters.addFigures(String(key), JSON.parse(String(value))),
        COMMITTED,
      ),
      cluster.visitTopic(Topics.delays, ({ value }) => alerts.push(JSON.parse(String(value))), COMMITTED),
    ]);
    return { counters, alerts };
  }
}
