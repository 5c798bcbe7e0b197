import { Injectable, type OnModuleInit } from '@nestjs/common';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReceivedDeparture } from '../departures/departure.js';
import { type AirportFigures, FlightFigures } from '../flights/flight-figures.js';
import { Settings } from '../settings.js';

/** A departure, and where it is stored. */
export interface AuditedRecord {
  /** Decimal. */
  readonly offset: string;
  readonly value: ReceivedDeparture;
}

/** A line of the log: what the departures of one batch come to. */
interface AuditLine {
  readonly partition: number;
  /** Offsets of the first and last departure. */
  readonly from: string;
  readonly to: string;
  readonly airports: Readonly<Record<string, AirportFigures>>;
}

/** A file with a line for each batch. It knows by the offsets what it has already, so departures that come again are not counted again. */
@Injectable()
export class AuditLog implements OnModuleInit {
  private readonly nextOffsets = new Map<number, bigint>();
  private readonly path: string;

  public constructor({ folder }: Settings) {
    this.path = join(folder, 'audit.jsonl');
  }

  public onModuleInit(): void {
    for (const { partition, to } of this.lines()) this.nextOffsets.set(partition, BigInt(to) + 1n);
  }

  /** Returns when the line is written: only then may the offsets be committed. */
  public append(partition: number, records: readonly AuditedRecord[]): void {
    const next = this.nextOffsets.get(partition) ?? 0n;
    const added = records.filter(({ offset }) => BigInt(offset) >= next);
    const [first, last] = [added[0], added.at(-1)];
    if (first === undefined || last === undefined) return;
    const airports = Object.fromEntries(FlightFigures.of(added.map(({ value }) => value)).airports);
    const line: AuditLine = { partition, from: first.offset, to: last.offset, airports };
    // Nothing else runs between the look at the next offset and its change.
    appendFileSync(this.path, `${JSON.stringify(line)}\n`);
    this.nextOffsets.set(partition, BigInt(last.offset) + 1n);
  }

  /** What the lines of the file add up to. */
  public figures(): FlightFigures {
    const sum = new FlightFigures();
    for (const { airports } of this.lines()) {
      for (const [airport, figures] of Object.entries(airports)) sum.addFigures(airport, figures);
    }
    return sum;
  }

  private lines(): AuditLine[] {
    if (!existsSync(this.path)) return [];
    const lines = readFileSync(this.path, 'utf8').trimEnd().split('\n');
    return lines.map((line): AuditLine => JSON.parse(line));
  }
}
