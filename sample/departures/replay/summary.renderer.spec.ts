import { describe, expect, it } from '@jest/globals';
import { Airports } from '../flights/airports.js';
import { allHold, type ReplaySummary } from './replay-summary.js';
import { SummaryRenderer } from './summary.renderer.js';

const SUMMARY: ReplaySummary = {
  checks: [
    { claim: 'Nothing lost', finding: '5 of 5', holds: true },
    { claim: 'Nothing repeated', finding: '1 repeated', holds: false },
  ],
  partitions: [
    { partition: 0, records: 1234, airports: new Set(['ORD']) },
    { partition: 1, records: 5, airports: new Set(['BOS', 'DEN']) },
  ],
  reserved: { ORD: 0 },
  throughput: { records: 1000, bytes: 3_000_000, seconds: 2 },
};

function lines(summary: ReplaySummary): string[] {
  return new SummaryRenderer(new Airports())
    .render(summary)
    .split('\n')
    .map((line) => line.replaceAll(/\s*│\s*/g, '|'));
}

describe('SummaryRenderer', () => {
  it('shows a partition per line, with the name of the hub it is reserved for', () => {
    expect(lines(SUMMARY)).toContain("|0|1,234|1|ORD, Chicago O'Hare International|");
    expect(lines(SUMMARY)).toContain('|1|5|2||');
  });

  it('marks what holds and what does not', () => {
    expect(lines(SUMMARY)).toContain('|✓|Nothing lost|5 of 5|');
    expect(lines(SUMMARY)).toContain('|✗|Nothing repeated|1 repeated|');
  });

  it('shows the throughput in records and megabytes', () => {
    expect(lines(SUMMARY)).toContain('|✓|Throughput, each record awaited|500 records/s, 1.5 MB/s|');
  });
});

describe('allHold', () => {
  it('is false as soon as one check does not hold', () => {
    expect(allHold(SUMMARY)).toBe(false);
    expect(allHold({ ...SUMMARY, checks: SUMMARY.checks.slice(0, 1) })).toBe(true);
  });
});
