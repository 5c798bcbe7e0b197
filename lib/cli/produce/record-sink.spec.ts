import { describe, expect, it } from '@jest/globals';
import type { DeliveryCallback, RecordMetadata } from '../../producer/record.js';
import { type LineOutcome, RecordSink } from './record-sink.js';

const STORED: RecordMetadata = {
  topic: 'orders',
  partition: 0,
  offset: '0',
  timestamp: 0,
  serializedKeySize: -1,
  serializedValueSize: 1,
};
const RECORD = { topic: 'orders', value: 'x' };

function bench(maxBytes = 1_000_000) {
  const callbacks: DeliveryCallback[] = [];
  const told: [number, LineOutcome][] = [];
  const engine = { sendWithCallback: (_record: unknown, callback: DeliveryCallback) => void callbacks.push(callback) };
  const sink = new RecordSink(engine, maxBytes, (line, outcome) => told.push([line, outcome]));
  const settle = (index: number, error: Error | null = null): void => callbacks[index]?.(error, STORED);
  return { sink, told, settle, callbacks };
}

describe('RecordSink', () => {
  it('tells outcomes in the order of the lines', () => {
    const { settle, sink, told } = bench();
    const failure = new Error('refused');
    const noRecord = new Error('no record');
    sink.send(1, RECORD, 1);
    sink.send(2, RECORD, 1);
    sink.fail(3, noRecord);
    settle(1, failure);
    expect(told).toEqual([]);
    settle(0);
    expect(told).toEqual([
      [1, STORED],
      [2, failure],
      [3, noRecord],
    ]);
  });

  it('is full with 10 000 records, until one of them is settled', async () => {
    const { callbacks, settle, sink } = bench();
    for (let line = 1; !sink.isFull; line++) sink.send(line, RECORD, 1);
    expect(callbacks.length).toBe(10_000);
    let hasRoom = false;
    const room = sink.room().then(() => (hasRoom = true));
    settle(1);
    await Promise.resolve();
    expect(hasRoom).toBe(false);
    settle(0);
    await room;
    expect(sink.isFull).toBe(false);
  });

  it('is full with so many bytes', () => {
    const { settle, sink } = bench(1_000);
    sink.send(1, RECORD, 999);
    expect(sink.isFull).toBe(false);
    sink.send(2, RECORD, 1);
    expect(sink.isFull).toBe(true);
    settle(0);
    expect(sink.isFull).toBe(false);
  });

  it('is settled when every outcome is told', async () => {
    const { settle, sink, told } = bench();
    await sink.settled();
    sink.send(1, RECORD, 1);
    sink.send(2, RECORD, 1);
    const settled = sink.settled();
    settle(1);
    settle(0);
    await settled;
    expect(told.length).toBe(2);
  });
});
