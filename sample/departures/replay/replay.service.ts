import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import type { RecordMetadata } from 'nestjs-kafka-producer';
import { DeparturesService } from '../departures/departures.service.js';
import { BusiestHubs } from '../flights/busiest-hubs.js';
import { FlightFigures } from '../flights/flight-figures.js';
import { FlightReader } from '../flights/flight-reader.js';
import { Settings } from '../settings.js';
import { Topics } from '../names.js';
import { Consumption } from './consumption.js';
import { ConsumptionAudit } from './consumption-audit.js';
import { DeliveryAudit } from './delivery-audit.js';
import type { ReplaySummary } from './replay-summary.js';

/** Called with how many departures are acknowledged by now. */
export type ReplayProgress = (acknowledged: number) => void;

/** What was sent, and what came of it. */
interface Sending {
  readonly sent: number;
  readonly acknowledged: readonly RecordMetadata[];
  /** What the flights add up to, as they are in the file. */
  readonly flights: FlightFigures;
  readonly seconds: number;
}

/** Sends the recorded flights, reads back what the broker has stored and what the consumers have made of it, and compares. */
@Injectable()
export class ReplayService implements BeforeApplicationShutdown {
  private current: Promise<ReplaySummary> | null = null;
  private readonly shutdown = new AbortController();

  public constructor(
    private readonly flights: FlightReader,
    private readonly hubs: BusiestHubs,
    private readonly departures: DeparturesService,
    private readonly consumption: Consumption,
    private readonly consumptionAudit: ConsumptionAudit,
    private readonly settings: Settings,
  ) {}

  public run(onProgress: ReplayProgress = () => undefined): Promise<ReplaySummary> {
    this.current = this.replay(onProgress).finally(() => (this.current = null));
    return this.current;
  }

  public get isRunning(): boolean {
    return this.current !== null;
  }

  public async beforeApplicationShutdown(): Promise<void> {
    this.shutdown.abort(new Error('The replay has ended early: the application is shutting down.'));
    await Promise.allSettled([this.current]);
  }

  private async replay(onProgress: ReplayProgress): Promise<ReplaySummary> {
    const { sent, acknowledged, flights, seconds } = await this.send(onProgress);
    const reserved = this.hubs.partitions;
    const audit = new DeliveryAudit({ sent, acknowledged, reserved });
    await this.settings.cluster.visitTopic(Topics.departures, (record) => audit.visit(record));
    await this.consumption.catchUp(acknowledged, this.shutdown.signal);
    this.shutdown.signal.throwIfAborted();
    return {
      checks: [...audit.checks(), ...(await this.consumptionAudit.checks(flights))],
      partitions: audit.partitions(),
      reserved,
      throughput: { records: acknowledged.length, bytes: sizeOf(acknowledged), seconds },
    };
  }

  private async send(onProgress: ReplayProgress): Promise<Sending> {
    const acknowledged: RecordMetadata[] = [];
    const flights = new FlightFigures();
    let sent = 0;
    let seconds = 0;
    for await (const chunk of this.flights.read(this.settings.flights)) {
      this.shutdown.signal.throwIfAborted();
      const startedAt = performance.now();
      sent += chunk.length;
      // One chunk on its way at a time, so that a slow broker slows the reading down.
      for (const metadata of await this.departures.announceAll(chunk)) acknowledged.push(metadata);
      seconds += (performance.now() - startedAt) / 1000;
      for (const flight of chunk) flights.add(flight);
      onProgress(acknowledged.length);
    }
    return { sent, acknowledged, flights, seconds };
  }
}

function sizeOf(records: readonly RecordMetadata[]): number {
  return records.reduce((sum, { serializedKeySize, serializedValueSize }) => {
    return sum + serializedKeySize + serializedValueSize;
  }, 0);
}
