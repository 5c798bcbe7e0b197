import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { KafkaListener, KafkaProducer, Transactional } from 'nestjs-kafka-producer';
import type { ReceivedDeparture } from '../departures/departure.js';
import { FlightFigures, LONG_DELAY } from '../flights/flight-figures.js';
import { Groups, Topics } from '../names.js';

/** So many departures share a transaction at most. */
const MOST_AT_ONCE = 2_000;

/**
 * Turns departures into alerts and counters, exactly once: what is sent, and the offsets of the departures, become visible together or not at all.
 *
 * A counter tells what one batch adds. So nothing has to be remembered, or read back after a restart: the sum of all committed counters is exact.
 */
@Controller()
export class DelaysListener {
  public constructor(private readonly producer: KafkaProducer) {}

  @KafkaListener(Topics.departures, { groupId: Groups.delays, batch: true, maxBatchRecords: MOST_AT_ONCE })
  @Transactional()
  public async onDepartures(@Payload() departures: readonly ReceivedDeparture[]): Promise<void> {
    const late = departures.filter(({ delay }) => delay > LONG_DELAY);
    const alerts = late.map((value) => ({ topic: Topics.delays, key: value.origin, value }));
    const { airports } = FlightFigures.of(departures);
    const counters = [...airports].map(([key, value]) => ({ topic: Topics.airportCounters, key, value }));
    await this.producer.sendAll<string>([...alerts, ...counters]);
  }
}
