import { describe, expect, it } from '@jest/globals';
import type { RecordMetadata } from 'nestjs-kafka-producer';
import type { StoredRecord } from 'nestjs-kafka-producer/testing';
import { DeliveryAudit } from './delivery-audit.js';

const RESERVED = { ORD: 0 };

/** What the broker holds after six flights from Chicago (alone on partition 0), Boston and Denver (on partition 1). */
function delivered(): StoredRecord[] {
  return [
    stored(1, 'ORD', 0, 0),
    stored(4, 'ORD', 0, 1),
    stored(2, 'BOS', 1, 0),
    stored(3, 'DEN', 1, 1),
    stored(5, 'DEN', 1, 2),
    stored(6, 'BOS', 1, 3),
  ];
}

function stored(sequence: number, airport: string, partition: number, offset: number): StoredRecord {
  return {
    topic: 'departures',
    partition,
    offset: String(offset),
    timestamp: 0,
    key: Buffer.from(airport),
    value: Buffer.from(JSON.stringify({ sequence, origin: airport })),
    headers: [],
    producerId: '1',
    producerEpoch: 0,
    sequence: offset,
    isTransactional: false,
  };
}

function acknowledged(): RecordMetadata[] {
  const bySequence: readonly [partition: number, offset: string][] = [
    [0, '0'],
    [1, '0'],
    [1, '1'],
    [0, '1'],
    [1, '2'],
    [1, '3'],
  ];
  return bySequence.map(([partition, offset]) => ({
    topic: 'departures',
    partition,
    offset,
    timestamp: 0,
    serializedKeySize: 3,
    serializedValueSize: 31,
  }));
}

function audit(records: readonly StoredRecord[], reserved: Readonly<Record<string, number>> = RESERVED): DeliveryAudit {
  const deliveries = new DeliveryAudit({ sent: 6, acknowledged: acknowledged(), reserved });
  for (const record of records) deliveries.visit(record);
  return deliveries;
}

/** Of the four checks in their order: counts, once, reserved, order. */
function holding(records: readonly StoredRecord[], reserved?: Readonly<Record<string, number>>): boolean[] {
  return audit(records, reserved)
    .checks()
    .map(({ holds }) => holds);
}

describe('DeliveryAudit', () => {
  it('finds all in order when every record is where it was acknowledged', () => {
    expect(holding(delivered())).toEqual([true, true, true, true]);
  });

  it('counts records and airports per partition', () => {
    expect(audit(delivered()).partitions()).toEqual([
      { partition: 0, records: 2, airports: new Set(['ORD']) },
      { partition: 1, records: 4, airports: new Set(['BOS', 'DEN']) },
    ]);
  });

  it('notices that a record is missing', () => {
    const records = delivered().slice(0, -1);
    expect(holding(records)).toEqual([false, false, true, true]);
    expect(audit(records).checks()[1]?.finding).toBe('1 missing, 0 repeated, 0 elsewhere');
  });

  it('notices that a record is stored twice', () => {
    const records = [...delivered(), stored(6, 'BOS', 1, 4)];
    expect(holding(records)).toEqual([false, false, true, false]);
    expect(audit(records).checks()[1]?.finding).toBe('0 missing, 1 repeated, 1 elsewhere');
  });

  it('notices that one record is missing and another is there twice, though the number is right', () => {
    const records = [...delivered().slice(0, -1), stored(5, 'DEN', 1, 3)];
    expect(holding(records)).toEqual([true, false, true, false]);
  });

  it('notices that records of an airport are out of order', () => {
    const records = [
      ...delivered().slice(0, 2),
      stored(6, 'BOS', 1, 0),
      stored(3, 'DEN', 1, 1),
      stored(5, 'DEN', 1, 2),
      stored(2, 'BOS', 1, 3),
    ];
    expect(holding(records)).toEqual([true, false, true, false]);
    expect(audit(records).checks()[3]?.finding).toBe('3 airports, but not BOS');
  });

  it('notices that an airport is in two partitions', () => {
    const records = [...delivered().slice(0, -1), stored(6, 'BOS', 2, 0)];
    expect(holding(records)).toEqual([true, false, true, false]);
  });

  it('notices that somebody else is on a reserved partition', () => {
    expect(holding(delivered(), { BOS: 1 })[2]).toBe(false);
  });

  it('notices that a hub is not where its partition is', () => {
    expect(holding(delivered(), { ORD: 3 })[2]).toBe(false);
  });

  it('does not hold when nothing was sent at all', () => {
    const empty = new DeliveryAudit({ sent: 0, acknowledged: [], reserved: {} });
    expect(empty.checks().some(({ holds }) => holds)).toBe(false);
  });
});
