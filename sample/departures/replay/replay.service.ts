import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import type { RecordMetadata } from 'nestjs-kafka-producer';
import { DeparturesService } from '../departures/departures.service.js';
import { BusiestHubs } from '../flights/busiest-hubs.js';
import { FlightReader } from '../flights/flight-reader.js';
import { Settings } from '../settings.js';
import { DeliveryAudit } from './delivery-audit.js';
import type { ReplaySummary } from './replay-summary.js';

/** Called with how many departures are acknowledged by now. */
export type ReplayProgress = (acknowledged: number) => void;

/** What was sent, and what came of it. */
interface Sending {
  readonly sent: number;
  readonly acknowledged: readonly RecordMetadata[];
  readonly seconds: number;
}

/** Sends the recorded flights, reads back what the broker has stored, and compares. */
@Injectable()
export class ReplayService implements BeforeApplicationShutdown {
  private current: Promise<unknown> = Promise.resolve();
  private isShuttingDown = false;

  public constructor(
    private readonly flights: FlightReader,
    private readonly hubs: BusiestHubs,
    private readonly departures: DeparturesService,
    private readonly settings: Settings,
  ) {}

  public run(onProgress: ReplayProgress = () => undefined): Promise<ReplaySummary> {
    const replay = this.replay(onProgress);
    this.current = replay;
    return replay;
  }

  public async beforeApplicationShutdown(): Promise<void> {
    this.isShuttingDown = true;
    await Promise.allSettled([this.current]);
  }

  private async replay(onProgress: ReplayProgress): Promise<ReplaySummary> {
    const { sent, acknowledged, seconds } = await this.send(onProgress);
    const reserved = this.hubs.partitions;
    const audit = new DeliveryAudit({ sent, acknowledged, reserved });
    await this.settings.cluster.visitTopic(this.settings.topic, (record) => audit.visit(record));
    return {
      checks: audit.checks(),
      partitions: audit.partitions(),
      reserved,
      throughput: { records: acknowledged.length, bytes: sizeOf(acknowledged), seconds },
    };
  }

  private async send(onProgress: ReplayProgress): Promise<Sending> {
    const acknowledged: RecordMetadata[] = [];
    let sent = 0;
    let seconds = 0;
    for await (const chunk of this.flights.read(this.settings.flights)) {
      if (this.isShuttingDown) throw new Error('The replay has ended early: the application is shutting down.');
      const startedAt = performance.now();
      sent += chunk.length;
      // One chunk on its way at a time, so that a slow broker slows the reading down.
      for (const metadata of await this.departures.announceAll(chunk)) acknowledged.push(metadata);
      seconds += (performance.now() - startedAt) / 1000;
      onProgress(acknowledged.length);
    }
    return { sent, acknowledged, seconds };
  }
}

function sizeOf(records: readonly RecordMetadata[]): number {
  return records.reduce((sum, { serializedKeySize, serializedValueSize }) => {
    return sum + serializedKeySize + serializedValueSize;
  }, 0);
}
