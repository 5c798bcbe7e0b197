import { afterEach, describe, expect, it } from '@jest/globals';
import { type INestApplication, ValidationPipe } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { BufferExhaustedError, type RecordMetadata, RecordTooLargeError } from 'nestjs-kafka-producer';
import { Airports } from '../flights/airports.js';
import type { Flight } from '../flights/flight.js';
import { DeparturesController } from './departures.controller.js';
import { DeparturesService } from './departures.service.js';

const DEPARTURE = { origin: 'ATL', destination: 'JFK', date: '2001-01-14T08:30:00Z', delay: -3, distance: 760 };
const STORED: RecordMetadata = {
  topic: 'departures',
  partition: 2,
  offset: '7',
  timestamp: 0,
  serializedKeySize: 3,
  serializedValueSize: 100,
};

let app: INestApplication | undefined;

afterEach(() => app?.close());

/** Serves the controller over a service that does the same for every flight, and posts one body to it. */
async function post(body: unknown, announce: (flight: Flight) => Promise<RecordMetadata>): Promise<Response> {
  const module = await Test.createTestingModule({
    controllers: [DeparturesController],
    providers: [Airports, { provide: DeparturesService, useValue: { announce } }],
  }).compile();
  app = module.createNestApplication({ logger: false });
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
  await app.listen(0, '127.0.0.1');
  return fetch(`${await app.getUrl()}/departures`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

describe('POST /departures', () => {
  it('announces the flight, without what does not belong to it, and answers with where it is stored', async () => {
    const announced: Flight[] = [];
    const response = await post({ ...DEPARTURE, pilot: 'Amelia' }, async (flight) => {
      announced.push({ ...flight });
      return STORED;
    });
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({ topic: 'departures', partition: 2, offset: '7' });
    expect(announced).toEqual([{ ...DEPARTURE, date: new Date(DEPARTURE.date) }]);
  });

  it.each([
    ['a code that is none', { origin: 'Atlanta' }],
    ['an airport that does not exist', { destination: 'ZZ9' }],
    ['a date that is none', { date: 'tomorrow' }],
    ['a distance that is no number', { distance: '760 miles' }],
    ['no distance', { distance: undefined }],
  ])('answers 400 to %s and sends nothing', async (_, wrong) => {
    let sends = 0;
    const response = await post({ ...DEPARTURE, ...wrong }, async () => {
      sends++;
      return STORED;
    });
    expect([response.status, sends]).toEqual([400, 0]);
  });

  it('answers 503 when the broker cannot take it now, and 500 when it never will', async () => {
    const busy = await post(DEPARTURE, async () => {
      throw new BufferExhaustedError('bufferMemory was full for maxBlockMs.');
    });
    expect(busy.status).toBe(503);
    expect(await busy.json()).toEqual({ statusCode: 503, message: 'bufferMemory was full for maxBlockMs.' });
    await app?.close();
    const tooLarge = await post(DEPARTURE, async () => {
      throw new RecordTooLargeError('It exceeds maxRequestSize.');
    });
    expect(tooLarge.status).toBe(500);
  });
});
