import { randomBytes } from 'node:crypto';

/** On a broker of somebody else a run has names of its own, so that nothing else is in its topics and groups. */
const RUN = process.env['KAFKA_BROKERS'] === undefined ? '' : `-${randomBytes(4).toString('hex')}`;

/** The topics of this run. */
export const Topics = {
  departures: `departures${RUN}`,
  /** Departures that no listener can handle. */
  deadLetters: `departures${RUN}-dlt`,
  /** Departures that are more than an hour late. */
  delays: `delays${RUN}`,
  /** What the departures of an airport come to. */
  airportCounters: `airport-counters${RUN}`,
} as const;

/** The consumer groups of this run. */
export const Groups = { board: `board${RUN}`, audit: `audit${RUN}`, delays: `delays${RUN}` } as const;

export const TRANSACTIONAL_ID_PREFIX = `departures${RUN}-`;
