import { describe, expect, it } from '@jest/globals';
import type { AuditLog } from '../audit/audit-log.js';
import type { Board } from '../board/board.js';
import type { ReceivedDeparture } from '../departures/departure.js';
import { FlightFigures } from '../flights/flight-figures.js';
import type { Check } from './check.js';
import type { CommittedResults } from './committed-results.js';
import { ConsumptionAudit } from './consumption-audit.js';

function departure(sequence: number, origin: string, delay: number): ReceivedDeparture {
  return { sequence, origin, destination: 'JFK', date: '2001-01-14T08:30:00.000Z', delay, distance: 760 };
}

const FLIGHTS = [departure(1, 'ATL', 61), departure(2, 'BOS', 0), departure(3, 'ATL', 90)] as const;
const LATE = [FLIGHTS[0], FLIGHTS[2]];

interface Consumed {
  readonly board?: readonly ReceivedDeparture[];
  readonly log?: readonly ReceivedDeparture[];
  readonly counters?: readonly ReceivedDeparture[];
  readonly alerts?: readonly ReceivedDeparture[];
}

/** The checks of board, log, counters and alerts; what is not given is as it should be. */
function checks({ alerts = LATE, board = FLIGHTS, counters = FLIGHTS, log = FLIGHTS }: Consumed): Promise<Check[]> {
  const audit = new ConsumptionAudit(
    { figures: FlightFigures.of(board) } as Board,
    { figures: () => FlightFigures.of(log) } as AuditLog,
    { read: async () => ({ counters: FlightFigures.of(counters), alerts }) } as unknown as CommittedResults,
  );
  return audit.checks(FlightFigures.of(FLIGHTS));
}

async function holding(consumed: Consumed): Promise<boolean[]> {
  return (await checks(consumed)).map(({ holds }) => holds);
}

describe('ConsumptionAudit', () => {
  it('finds all in order when each group has made of the flights what it should', async () => {
    const found = await checks({});
    expect(found.map(({ holds }) => holds)).toEqual([true, true, true, true]);
    expect(found.map(({ finding }) => finding)).toEqual([
      ...Array.from({ length: 3 }, () => '3 from 2 airports'),
      '2 of 2, 0 repeated',
    ]);
  });

  it('notices a departure that is missing, repeated or another one', async () => {
    expect(await holding({ board: FLIGHTS.slice(1) })).toEqual([false, true, true, true]);
    expect(await holding({ log: [departure(1, 'ATL', 62), ...FLIGHTS.slice(1)] })).toEqual([true, false, true, true]);
    expect(await holding({ counters: [...FLIGHTS, FLIGHTS[1]] })).toEqual([true, true, false, true]);
    const [board] = await checks({ board: FLIGHTS.slice(1) });
    expect(board?.finding).toBe('2 from 2 airports, but not ATL');
  });

  it('notices an alert that comes twice', async () => {
    expect(await holding({ alerts: [...LATE, FLIGHTS[0]] })).toEqual([true, true, true, false]);
    expect((await checks({ alerts: [FLIGHTS[0], FLIGHTS[0]] }))[3]).toMatchObject({
      finding: '1 of 2, 1 repeated',
      holds: false,
    });
  });

  it('waits for results that become visible a moment after their commit', async () => {
    let reads = 0;
    const read = async (): Promise<unknown> => ({
      counters: FlightFigures.of(++reads > 1 ? FLIGHTS : []),
      alerts: reads > 2 ? LATE : [],
    });
    const figures = FlightFigures.of(FLIGHTS);
    const audit = new ConsumptionAudit(
      { figures } as Board,
      { figures: () => figures } as AuditLog,
      { read } as unknown as CommittedResults,
    );
    expect((await audit.checks(figures)).map(({ holds }) => holds)).toEqual([true, true, true, true]);
    expect(reads).toBe(3);
  });
});
