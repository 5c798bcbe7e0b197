import { beforeEach, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { DeliveryError, KafkaProducer, SendAllError } from 'nestjs-kafka-producer';
import { type RecordedRecord, RecordingKafkaProducer } from 'nestjs-kafka-producer/testing';
import type { ReceivedDeparture } from '../departures/departure.js';
import { Topics } from '../names.js';
import { DelaysListener } from './delays.listener.js';

let producer: RecordingKafkaProducer;
let listener: DelaysListener;

beforeEach(async () => {
  producer = new RecordingKafkaProducer();
  const module = await Test.createTestingModule({
    controllers: [DelaysListener],
    providers: [{ provide: KafkaProducer, useValue: producer }],
  }).compile();
  listener = module.get(DelaysListener);
});

function departure(sequence: number, origin: string, delay: number): ReceivedDeparture {
  return { sequence, origin, destination: 'JFK', date: '2001-01-14T08:30:00.000Z', delay, distance: 760 };
}

function committed(topic: string): RecordedRecord[] {
  return producer.committed.filter((record) => record.topic === topic);
}

describe('DelaysListener', () => {
  it('sends an alert for each departure that is more than an hour late', async () => {
    const late = departure(2, 'ATL', 61);
    await listener.onDepartures([departure(1, 'ATL', 60), late, departure(3, 'BOS', -5)]);
    expect(committed(Topics.delays).map(({ key, value }) => [key, value])).toEqual([['ATL', late]]);
  });

  it('sends for each airport what the batch adds to its counter', async () => {
    await listener.onDepartures([departure(1, 'ATL', 60), departure(2, 'BOS', 7), departure(3, 'ATL', 90)]);
    expect(committed(Topics.airportCounters)).toMatchObject([
      { key: 'ATL', value: { departures: 2, delay: 150, longDelays: 1 } },
      { key: 'BOS', value: { departures: 1, delay: 7, longDelays: 0 } },
    ]);
  });

  it('leaves nothing behind of a batch that fails', async () => {
    producer.failWhen('send', ({ topic }) => topic === Topics.airportCounters, {
      error: new DeliveryError('Refused.'),
    });
    await expect(listener.onDepartures([departure(1, 'ATL', 90)])).rejects.toThrow(SendAllError);
    expect(producer.aborted.map(({ topic }) => topic)).toContain(Topics.delays);
    expect(producer.committed).toEqual([]);
  });
});
