import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KafkaClusterView } from 'nestjs-kafka-producer/testing';
import { FlightFigures } from '../flights/flight-figures.js';
import { AuditLog, type AuditedRecord } from './audit-log.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'audit-log-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** A log as a new process has it. */
function open(): AuditLog {
  const log = new AuditLog({ cluster: {} as KafkaClusterView, flights: 0, folder });
  log.onModuleInit();
  return log;
}

function records(from: number, to: number, origin = 'ATL'): AuditedRecord[] {
  return Array.from({ length: to - from + 1 }, (_, i) => {
    const sequence = from + i;
    const value = {
      sequence,
      origin,
      destination: 'JFK',
      date: '2001-01-14T08:30:00.000Z',
      delay: sequence,
      distance: 760,
    };
    return { offset: String(sequence), value };
  });
}

function figuresOf(...batches: AuditedRecord[][]): FlightFigures {
  return FlightFigures.of(batches.flat().map(({ value }) => value));
}

describe('AuditLog', () => {
  it('has a line for each batch, which add up to all departures', () => {
    const log = open();
    log.append(0, records(0, 4));
    log.append(1, records(0, 2, 'BOS'));
    log.append(0, records(5, 9));
    const lines = readFileSync(join(folder, 'audit.jsonl'), 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { partition: 0, from: '0', to: '4', airports: { ATL: { departures: 5 } } },
      { partition: 1, from: '0', to: '2', airports: { BOS: { departures: 3 } } },
      { partition: 0, from: '5', to: '9', airports: { ATL: { departures: 5 } } },
    ]);
    expect(log.figures().differences(figuresOf(records(0, 9), records(0, 2, 'BOS')))).toEqual([]);
  });

  it('counts departures once that come again, also after a restart and in a batch of another size', () => {
    open().append(0, records(0, 4));
    const log = open();
    log.append(0, records(2, 4));
    log.append(0, records(0, 9));
    log.append(1, records(0, 0, 'BOS'));
    expect(
      open()
        .figures()
        .differences(figuresOf(records(0, 9), records(0, 0, 'BOS'))),
    ).toEqual([]);
  });

  it('is empty before the first batch', () => {
    expect(open().figures().departures).toBe(0);
  });
});
