import type { RecordMetadata } from 'nestjs-kafka-producer';
import type { StoredRecord } from 'nestjs-kafka-producer/testing';
import type { Departure } from '../departures/departure.js';
import type { Check, PartitionContent } from './check.js';

/** What was done, to compare with what is stored. */
export interface Deliveries {
  /** How many departures were sent, with sequences from 1 on. */
  readonly sent: number;
  /** What the producer said of each, in the same order. */
  readonly acknowledged: readonly RecordMetadata[];
  /** The partition each of the hubs has to itself. */
  readonly reserved: Readonly<Record<string, number>>;
}

interface AirportTrail {
  readonly partition: number;
  lastSequence: number;
}

/** Looks at every stored record, and then says whether each departure was delivered as promised. */
export class DeliveryAudit {
  private readonly content = new Map<number, { records: number; airports: Set<string> }>();
  private readonly trails = new Map<string, AirportTrail>();
  private readonly seen = new Set<number>();
  private readonly scattered = new Set<string>();
  private readonly outOfOrder = new Set<string>();
  private stored = 0;
  private repeated = 0;
  private misplaced = 0;

  public constructor(private readonly deliveries: Deliveries) {}

  /** Takes the next record; those of one partition must come in the order of their offsets. */
  public visit(record: StoredRecord): void {
    const { sequence }: Departure = JSON.parse(String(record.value));
    const airport = String(record.key);
    this.stored++;
    if (this.seen.has(sequence)) this.repeated++;
    this.seen.add(sequence);
    this.checkPlace(record, sequence);
    this.followAirport(airport, record.partition, sequence);
    this.countIn(record.partition, airport);
  }

  /** What the partitions hold, by number. */
  public partitions(): PartitionContent[] {
    const partitions = [...this.content].map(([partition, content]) => ({ partition, ...content }));
    return partitions.sort((a, b) => a.partition - b.partition);
  }

  public checks(): Check[] {
    return [this.checkCounts(), this.checkOnce(), this.checkReserved(), this.checkOrder()];
  }

  private checkPlace({ partition, offset }: StoredRecord, sequence: number): void {
    const promised = this.deliveries.acknowledged[sequence - 1];
    if (promised?.partition !== partition || promised.offset !== offset) this.misplaced++;
  }

  private followAirport(airport: string, partition: number, sequence: number): void {
    const trail = this.trails.get(airport);
    if (trail === undefined) {
      this.trails.set(airport, { partition, lastSequence: sequence });
      return;
    }
    if (trail.partition !== partition) this.scattered.add(airport);
    if (trail.lastSequence >= sequence) this.outOfOrder.add(airport);
    trail.lastSequence = sequence;
  }

  private countIn(partition: number, airport: string): void {
    const content = this.content.get(partition) ?? { records: 0, airports: new Set() };
    content.records++;
    content.airports.add(airport);
    this.content.set(partition, content);
  }

  private checkCounts(): Check {
    const counts = [this.deliveries.sent, this.deliveries.acknowledged.length, this.stored];
    return {
      claim: 'Sent = acknowledged = stored',
      finding: counts.map((count) => count.toLocaleString('en')).join(' = '),
      holds: this.stored > 0 && new Set(counts).size === 1,
    };
  }

  private checkOnce(): Check {
    const missing = Array.from({ length: this.deliveries.sent }, (_, i) => i + 1).filter((n) => !this.seen.has(n));
    return {
      claim: 'Each stored once, where it was acknowledged',
      finding: `${missing.length} missing, ${this.repeated} repeated, ${this.misplaced} elsewhere`,
      holds: this.stored > 0 && missing.length + this.repeated + this.misplaced === 0,
    };
  }

  private checkReserved(): Check {
    const hubs = Object.entries(this.deliveries.reserved);
    const isAlone = ([hub, partition]: [string, number]): boolean => {
      const airports = this.content.get(partition)?.airports;
      return airports?.size === 1 && airports.has(hub) && !this.scattered.has(hub);
    };
    return {
      claim: 'The busiest hubs have their partitions to themselves',
      finding: hubs.map(([hub, partition]) => `${hub} in ${partition}`).join(', '),
      holds: hubs.length > 0 && hubs.every(isAlone),
    };
  }

  private checkOrder(): Check {
    const wrong = [...new Set([...this.scattered, ...this.outOfOrder])];
    return {
      claim: 'Each airport in one partition, in the order of sending',
      finding: `${this.trails.size} airports${wrong.length === 0 ? '' : `, but not ${wrong.join(', ')}`}`,
      holds: this.trails.size > 0 && wrong.length === 0,
    };
  }
}
