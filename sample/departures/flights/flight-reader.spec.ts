import { describe, expect, it } from '@jest/globals';
import { BusiestHubs } from './busiest-hubs.js';
import type { Flight } from './flight.js';
import { FlightReader } from './flight-reader.js';

async function chunksOf(limit: number, chunkSize?: number): Promise<Flight[][]> {
  const chunks: Flight[][] = [];
  for await (const chunk of new FlightReader().read(limit, chunkSize)) chunks.push(chunk);
  return chunks;
}

describe('FlightReader', () => {
  it('reads the flights as they are in the file', async () => {
    const [chunk = []] = await chunksOf(2);
    expect(chunk).toEqual([
      { origin: 'LAS', destination: 'PHL', date: new Date('2001-01-01T00:01:00Z'), delay: 33, distance: 2176 },
      { origin: 'ATL', destination: 'SAV', date: new Date('2001-01-01T00:01:00Z'), delay: 19, distance: 215 },
    ]);
  });

  it('hands out chunks of the size asked for, the last one with what is left', async () => {
    const chunks = await chunksOf(25, 10);
    expect(chunks.map((chunk) => chunk.length)).toEqual([10, 10, 5]);
    expect(chunks.flat()).toEqual((await chunksOf(25)).flat());
  });

  it('goes on in the next row group of the file', async () => {
    const chunks = await chunksOf(272_730, 272_727);
    expect(chunks.map((chunk) => chunk.length)).toEqual([272_727, 3]);
    expect(chunks[1]?.[0]?.date).toEqual(chunks[0]?.at(-1)?.date);
  });

  it('counts the departures of each airport', async () => {
    const counted = await new FlightReader().countByOrigin(1000);
    const flights = (await chunksOf(1000)).flat();
    expect([...counted.values()].reduce((sum, count) => sum + count, 0)).toBe(1000);
    expect(counted.get('ATL')).toBe(flights.filter(({ origin }) => origin === 'ATL').length);
  });
});

describe('BusiestHubs', () => {
  it('are Chicago, Dallas and Atlanta among the first 200 000 flights, on partitions 0 to 2', async () => {
    const hubs = await BusiestHubs.among(new FlightReader(), 200_000);
    expect(hubs.partitions).toEqual({ ORD: 0, DFW: 1, ATL: 2 });
  });
});
