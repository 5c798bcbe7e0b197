import { describe, expect, it } from '@jest/globals';
import type { KafkaListenerRegistry, KafkaListenerStatus, RecordMetadata } from 'nestjs-kafka-producer';
import { Topics } from '../names.js';
import { Consumption } from './consumption.js';

/** Two records on partition 0, one on partition 1. */
const RECORDS = [
  { partition: 0, offset: '0' },
  { partition: 1, offset: '0' },
  { partition: 0, offset: '1' },
] as RecordMetadata[];

/** Waits for the records, while each look at the registry takes the next of these states of all three groups, and the last one again and again. */
async function looksOf(...looks: { watermarks: (string | null)[]; state?: string; topic?: string }[]): Promise<number> {
  let taken = 0;
  const status = (): { listeners: KafkaListenerStatus[] } => {
    const look = looks[Math.min(Math.floor(taken++ / 2), looks.length - 1)];
    const { state = 'running', topic = Topics.departures, watermarks } = look ?? { watermarks: [] };
    const partitions = watermarks.map((watermark, partition) => ({ topic, partition, watermark }));
    return { listeners: Array.from({ length: 3 }, () => ({ state, partitions }) as unknown as KafkaListenerStatus) };
  };
  await new Consumption({ status } as unknown as KafkaListenerRegistry).catchUp(RECORDS, new AbortController().signal);
  return Math.ceil(taken / 2);
}

describe('Consumption', () => {
  it('waits until all groups are done with all records', async () => {
    expect(await looksOf({ watermarks: [] }, { watermarks: ['2', null] }, { watermarks: ['2', '1'] })).toBe(3);
  });

  it('takes more records on one partition for none on another', async () => {
    expect(await looksOf({ watermarks: ['3', '0'] }, { watermarks: ['3', '5'] })).toBe(2);
  });

  it('gives up when a listener has failed', async () => {
    expect(await looksOf({ watermarks: ['1', '1'] }, { watermarks: ['1', '1'], state: 'failed' })).toBe(2);
  });

  it('gives up when the application shuts down', async () => {
    const registry = { status: () => ({ listeners: [] }) } as unknown as KafkaListenerRegistry;
    const waiting = new Consumption(registry).catchUp(RECORDS, AbortSignal.abort());
    await expect(waiting).resolves.toBeUndefined();
  });
});
