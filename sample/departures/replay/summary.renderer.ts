import { Injectable } from '@nestjs/common';
import Table from 'cli-table3';
import { Airports } from '../flights/airports.js';
import type { Check } from './check.js';
import type { ReplaySummary } from './replay-summary.js';

/** Shows a summary as two tables. */
@Injectable()
export class SummaryRenderer {
  public constructor(private readonly airports: Airports) {}

  public render(summary: ReplaySummary): string {
    return `${this.partitionTable(summary)}\n${checkTable([...summary.checks, throughput(summary)])}`;
  }

  private partitionTable({ partitions, reserved }: ReplaySummary): string {
    const hubs = new Map(Object.entries(reserved).map(([hub, partition]) => [partition, hub]));
    const table = new Table({
      head: ['Partition', 'Records', 'Airports', 'Reserved for'],
      colAligns: ['right', 'right', 'right', 'left'],
      style: { head: [], border: [], compact: true },
    });
    for (const { partition, records, airports } of partitions) {
      table.push([partition, records.toLocaleString('en'), airports.size, this.nameOf(hubs.get(partition))]);
    }
    return table.toString();
  }

  private nameOf(hub: string | undefined): string {
    if (hub === undefined) return '';
    const airport = this.airports.find(hub);
    return airport === undefined ? hub : `${hub}, ${airport.name}`;
  }
}

function checkTable(checks: readonly Check[]): string {
  const table = new Table({ style: { head: [], border: [], compact: true } });
  for (const { claim, finding, holds } of checks) table.push([holds ? '✓' : '✗', claim, finding]);
  return table.toString();
}

function throughput({ throughput: { records, bytes, seconds } }: ReplaySummary): Check {
  const perSecond = Math.round(records / seconds).toLocaleString('en');
  const megabytesPerSecond = (bytes / 1e6 / seconds).toFixed(1);
  return {
    claim: 'Throughput, each record awaited',
    finding: `${perSecond} records/s, ${megabytesPerSecond} MB/s`,
    holds: records > 0,
  };
}
