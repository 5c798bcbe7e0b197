import { Injectable } from '@nestjs/common';
import { KafkaProducer, type ProducerRecord, type RecordMetadata } from 'nestjs-kafka-producer';
import type { Flight } from '../flights/flight.js';
import { Topics } from '../names.js';
import type { Departure } from './departure.js';

/** Announces flights to Kafka, keyed by the airport they leave from, so that those of one airport stay in order. */
@Injectable()
export class DeparturesService {
  private announced = 0;

  public constructor(private readonly producer: KafkaProducer) {}

  public announce(flight: Flight): Promise<RecordMetadata> {
    return this.producer.send(this.toRecord(flight));
  }

  /** Resolves when all of them are stored. */
  public announceAll(flights: readonly Flight[]): Promise<RecordMetadata[]> {
    return this.producer.sendAll(flights.map((flight) => this.toRecord(flight)));
  }

  private toRecord(flight: Flight): ProducerRecord<string, Departure> {
    const sequence = ++this.announced;
    return { topic: Topics.departures, key: flight.origin, value: { sequence, ...flight } };
  }
}
