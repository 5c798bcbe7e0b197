import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { createApp } from '../../sample/departures/create-app.js';
import { BusiestHubs } from '../../sample/departures/flights/busiest-hubs.js';
import { allHold, type ReplaySummary } from '../../sample/departures/replay/replay-summary.js';
import { ReplayService } from '../../sample/departures/replay/replay.service.js';
import { sharedCluster, uniqueTopic, waitFor } from '../support/broker.js';

const FLIGHTS = 2000;
const cluster = sharedCluster();
const topic = uniqueTopic('departures');

let app: INestApplication;
let url: string;
let summary: ReplaySummary;

beforeAll(async () => {
  await cluster.createTopic(topic, { partitions: 6 });
  app = await createApp({ cluster, topic, flights: FLIGHTS });
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
  summary = await app.get(ReplayService).run();
}, 90_000); // above maxBlockMs and the limit of reading, so that it is their error that is seen

afterAll(() => app.close());

function post(body: unknown): Promise<Response> {
  return fetch(`${url}/departures`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

function upload(rows: readonly string[]): Promise<Response> {
  return fetch(`${url}/departures/bulk`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: ['origin,destination,date,delay,distance', ...rows].join('\n'),
  });
}

describe('the sample application', () => {
  it('delivers the recorded flights as its summary says', async () => {
    expect(summary.checks.filter(({ holds }) => !holds)).toEqual([]);
    expect(allHold(summary)).toBe(true);
    expect(summary.partitions.map(({ partition }) => partition)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(summary.partitions.reduce((sum, { records }) => sum + records, 0)).toBe(FLIGHTS);
    const hubs = app.get(BusiestHubs).codes;
    expect(summary.partitions.slice(0, 3).map(({ airports }) => [...airports])).toEqual(hubs.map((hub) => [hub]));
  });

  it('stores a posted departure where it says', async () => {
    const [hub = ''] = app.get(BusiestHubs).codes;
    const departure = { origin: hub, destination: 'JFK', date: '2001-01-14T08:30:00.000Z', delay: 5, distance: 760 };
    const response = await post(departure);
    expect(response.status).toBe(201);
    const place: unknown = await response.json();
    const stored = (await cluster.readTopic(topic)).filter((record) => record.partition === 0).at(-1);
    expect(place).toEqual({ topic, partition: 0, offset: stored?.offset });
    expect(String(stored?.key)).toBe(hub);
    expect(JSON.parse(String(stored?.value))).toEqual({ sequence: FLIGHTS + 1, ...departure });
  });

  it('refuses a departure that is not valid and stores nothing', async () => {
    const before = (await cluster.readTopic(topic)).length;
    const response = await post({ origin: 'Atlanta', destination: 'JFK' });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      message: expect.arrayContaining(['origin must be the IATA code of an airport, e.g. ATL']),
    });
    expect((await cluster.readTopic(topic)).length).toBe(before);
  });

  it('shows the figures of the producer', async () => {
    const response = await fetch(`${url}/producer/metrics`);
    expect(response.status).toBe(200);
    const metrics = (await response.json()) as Record<string, number>;
    expect(metrics['record-send-total']).toBeGreaterThanOrEqual(FLIGHTS);
    expect(metrics['record-error-total']).toBe(0);
  });

  it('stores a whole file of flights, or nothing of it when one row is bad', async () => {
    const count = async (): Promise<{ committed: number; written: number }> =>
      (await (await fetch(`${url}/departures/count`)).json()) as { committed: number; written: number };
    const rows = Array.from({ length: 1_200 }, (_, i) => `ATL,JFK,2001-01-14T08:30:00Z,${i % 60},760`);
    const before = await count();

    const good = await upload(rows);
    expect([good.status, await good.json()]).toEqual([201, { stored: 1_200 }]);
    // The brokers write the markers right after the commit.
    let between = await count();
    await waitFor(async () => (between = await count()).committed >= before.committed + 1_200, { what: 'the flights' });
    expect(between.committed).toBe(before.committed + 1_200);

    const bad = await upload([...rows, 'ATL,Paris,2001-01-14T08:30:00Z,0,760', ...rows]);
    expect(bad.status).toBe(400);
    expect(await bad.json()).toMatchObject({
      message: expect.stringMatching(/^Line 1202: destination must be the IATA code .* Nothing was stored\.$/),
    });
    const after = await count();
    expect(after.committed).toBe(between.committed);
    // They had been sent: it is the abort that hides them.
    expect(after.written).toBeGreaterThan(between.written);
  });
});
