import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AnyFlight } from '../../sample/departures/flights/flight-figures.js';
import type { ReplaySummary } from '../../sample/departures/replay/replay-summary.js';
import { sharedCluster, waitFor } from '../support/broker.js';

const FLIGHTS = 2000;
const cluster = sharedCluster();
// Before the sample is loaded: on a broker of somebody else its topics and groups have names of their own.
process.env['KAFKA_BROKERS'] = cluster.bootstrapServers().join(',');
const { AuditLog } = await import('../../sample/departures/audit/audit-log.js');
const { Board } = await import('../../sample/departures/board/board.js');
const { createApp } = await import('../../sample/departures/create-app.js');
const { BusiestHubs } = await import('../../sample/departures/flights/busiest-hubs.js');
const { FlightFigures } = await import('../../sample/departures/flights/flight-figures.js');
const { Topics } = await import('../../sample/departures/names.js');
const { CommittedResults } = await import('../../sample/departures/replay/committed-results.js');
const { allHold } = await import('../../sample/departures/replay/replay-summary.js');
const { ReplayService } = await import('../../sample/departures/replay/replay.service.js');
const { createTopics } = await import('../../sample/departures/run-topics.js');
const topic = Topics.departures;

let app: INestApplication;
let url: string;
let folder: string;
let summary: ReplaySummary;

async function start(): Promise<void> {
  app = await createApp({ cluster, flights: FLIGHTS, folder });
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
}

beforeAll(async () => {
  await createTopics(cluster);
  folder = await mkdtemp(join(tmpdir(), 'departures-'));
  await start();
  summary = await app.get(ReplayService).run();
}, 90_000); // above maxBlockMs and the limit of reading, so that it is their error that is seen

afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true });
});

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

  it('tells Prometheus what producer and listeners have done', async () => {
    const response = await fetch(`${url}/metrics`);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/plain']);
    const lines = (await response.text()).split('\n');
    const sum = (metric: string, ...labels: readonly string[]): number =>
      lines
        .filter((line) => line.startsWith(`${metric}{`) && labels.every((label) => line.includes(label)))
        .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0);
    const ofTopic = `messaging_destination_name="${topic}"`;
    expect(sum('messaging_client_sent_messages_total', ofTopic, 'error_type=""')).toBeGreaterThanOrEqual(FLIGHTS);
    expect(sum('messaging_client_consumed_messages_total', ofTopic)).toBeGreaterThanOrEqual(FLIGHTS);
    expect(sum('messaging_process_duration_count', ofTopic, 'error_type=""')).toBeGreaterThan(0);
    expect(sum('kafka_producer_record_send_total')).toBeGreaterThanOrEqual(FLIGHTS);
    expect(sum('kafka_consumer_records_consumed_total', 'listener_id="BoardListener.')).toBeGreaterThanOrEqual(FLIGHTS);
    expect(lines).toContain('# TYPE kafka_consumer_records_lag_max gauge');
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

  it('refuses departures while the recorded ones are counted', async () => {
    const replay = app.get(ReplayService).run();
    const response = await post({});
    expect(response.status).toBe(503);
    expect((await fetch(`${url}/producer/metrics`)).status).toBe(200);
    await replay;
  });

  it('puts a departure that the board has no line for into the dead-letter topic, and goes on', async () => {
    const nowhere = { origin: 'BOS', destination: 'BOS', date: '2001-01-14T08:30:00.000Z', delay: 5, distance: 760 };
    const before = app.get(Board).figures.departures;
    const place = (await (await post(nowhere)).json()) as { partition: number; offset: string };
    await post({ ...nowhere, destination: 'JFK' });
    await waitFor(() => app.get(Board).figures.departures === before + 1, { what: 'the departure behind it' });
    const [letter, ...others] = await cluster.readTopic(Topics.deadLetters);
    expect(others).toEqual([]);
    expect(JSON.parse(String(letter?.value))).toMatchObject(nowhere);
    expect(Object.fromEntries(letter?.headers.map(({ key, value }) => [key, String(value)]) ?? [])).toMatchObject({
      'dlt-original-topic': topic,
      'dlt-original-partition': String(place.partition),
      'dlt-original-offset': place.offset,
      'dlt-error-class': 'UnprocessableEntityException',
    });
  });

  it('goes on after a restart where it was: audit log and counters have every departure once', async () => {
    const rows = Array.from({ length: 500 }, (_, i) => `ATL,JFK,2001-01-14T08:30:00Z,${i},760`);
    await upload(rows);
    await app.close();
    await start();
    await upload(rows);
    const flights: AnyFlight[] = [];
    const isolation = 'read_committed';
    await waitFor(
      async () => {
        flights.length = 0;
        await cluster.visitTopic(topic, ({ value }) => flights.push(JSON.parse(String(value))), { isolation });
        const stored = FlightFigures.of(flights);
        const { counters } = await app.get(CommittedResults).read();
        return [app.get(AuditLog).figures(), counters].every((figures) => figures.differences(stored).length === 0);
      },
      { what: 'the same figures in the topic, the log and the counters', limitMs: 20_000 },
    );
    expect(flights.length).toBeGreaterThan(2 * FLIGHTS);
  }, 60_000);
});
