import { describe, expect, it } from '@jest/globals';
import type { ProducerRecord, RecordHeaders } from '../../lib/producer/record.js';
import type { StoredRecord } from '../../lib/testing/index.js';
import { sharedCluster, uniqueTopic, waitFor } from '../support/broker.js';
import { TestEngine } from '../support/test-engine.js';

/** Sends the records one after the other and reads back what the broker has stored. */
async function store(records: readonly Omit<ProducerRecord, 'topic'>[], partitions = 1): Promise<StoredRecord[]> {
  const cluster = sharedCluster();
  const topic = uniqueTopic('stored');
  await cluster.createTopic(topic, { partitions });
  await using engine = await TestEngine.start({ client: cluster.clientConfig() });
  for (const record of records) await engine.send({ topic, ...record });
  return cluster.readTopic(topic);
}

function textOf(bytes: Buffer | null): string | null {
  return bytes === null ? null : bytes.toString('utf8');
}

describe('what is stored of a record', () => {
  it('is its key and value as UTF-8 text or as bytes', async () => {
    const bytes = Buffer.from([0, 255, 128, 1]);
    const stored = await store([
      { key: '한국어', value: '😀 ok' },
      { key: bytes, value: new Uint8Array(bytes) },
      { key: 42, value: { order: 7 } },
    ]);
    expect(stored.map(({ key, value }) => [key, value])).toEqual([
      [Buffer.from('한국어'), Buffer.from('😀 ok')],
      [bytes, bytes],
      [Buffer.from('42'), Buffer.from('{"order":7}')],
    ]);
  });

  it('tells no key from an empty key, and a tombstone from an empty value', async () => {
    const stored = await store([{ key: null, value: '' }, { key: '', value: null }, { value: 'no key' }]);
    expect(stored.map(({ key, value }) => [textOf(key), textOf(value)])).toEqual([
      [null, ''],
      ['', null],
      [null, 'no key'],
    ]);
  });

  it('keeps headers in order, with null, empty and binary values, repeated names, and names that mean something in JavaScript', async () => {
    const list = [
      { key: '__proto__', value: 'data' },
      { key: 'twice', value: 'first' },
      { key: 'constructor', value: null },
      { key: 'twice', value: Buffer.from([0, 255]) },
      { key: '', value: '' },
    ];
    const object: RecordHeaders = JSON.parse('{ "__proto__": "data", "twice": ["first", "second"], "none": null }');
    const [fromList, fromObject] = await store([
      { value: 'list', headers: list },
      { value: 'object', headers: object },
    ]);
    expect(fromList?.headers).toEqual(
      list.map(({ key, value }) => ({ key, value: typeof value === 'string' ? Buffer.from(value) : value })),
    );
    expect(fromObject?.headers.map(({ key, value }) => [key, textOf(value)])).toEqual([
      ['__proto__', 'data'],
      ['twice', 'first'],
      ['twice', 'second'],
      ['none', null],
    ]);
  });

  it('has the record’s timestamp, or the time of the send', async () => {
    const before = Date.now();
    const stored = await store([
      { value: 'number', timestamp: 1_500_000_000_000 },
      { value: 'date', timestamp: new Date('2020-02-29T12:00:00.123Z') },
      { value: 'epoch', timestamp: 0 },
      { value: 'now' },
    ]);
    expect(stored.slice(0, 3).map(({ timestamp }) => timestamp)).toEqual([
      1_500_000_000_000,
      Date.parse('2020-02-29T12:00:00.123Z'),
      0,
    ]);
    expect(stored[3]?.timestamp).toBeGreaterThanOrEqual(before);
    expect(stored[3]?.timestamp).toBeLessThanOrEqual(Date.now());
  });

  it('is in the partition that the record names, whatever its key', async () => {
    const stored = await store(
      [3, 0, 2].map((partition) => ({ partition, key: 'same', value: `for ${partition}` })),
      4,
    );
    expect(stored.map(({ partition, value }) => `${partition} ${textOf(value)}`)).toEqual([
      '0 for 0',
      '2 for 2',
      '3 for 3',
    ]);
  });

  it('is in the partition of Java’s hash for a key', async () => {
    const stored = await store(
      ['1', '2', 'order-1', '한국어', ''].map((key) => ({ key, value: 'v' })),
      12,
    );
    const partitions = Object.fromEntries(stored.map(({ key, partition }) => [textOf(key), partition]));
    expect(partitions).toEqual({ '1': 3, '2': 8, 'order-1': 10, 한국어: 10, '': 9 });
  });
});

describe('the metadata of an acknowledged record', () => {
  it('says where it is stored, when, and how large key and value are', async () => {
    const cluster = sharedCluster();
    const topic = uniqueTopic('metadata');
    await cluster.createTopic(topic, { partitions: 2 });
    await using engine = await TestEngine.start({ client: cluster.clientConfig() });
    const timestamp = Date.now() - 1_000;

    const first = await engine.send({ topic, partition: 1, key: 'é', value: '한', timestamp });
    const second = await engine.send({ topic, partition: 1, value: null, timestamp });

    const place = { topic, partition: 1, timestamp };
    expect(first).toMatchObject({ ...place, offset: '0', serializedKeySize: 2, serializedValueSize: 3 });
    expect(second).toMatchObject({ ...place, offset: '1', serializedKeySize: -1, serializedValueSize: -1 });
  });

  it('has the broker’s time for a topic with LogAppendTime', async () => {
    const cluster = sharedCluster();
    const topic = uniqueTopic('append-time');
    await cluster.createTopic(topic, { configs: { 'message.timestamp.type': 'LogAppendTime' } });
    await using engine = await TestEngine.start({ client: cluster.clientConfig() });

    const { timestamp } = await engine.send({ topic, value: 'v', timestamp: 1 });

    const [stored] = await cluster.readTopic(topic);
    expect(timestamp).toBe(stored?.timestamp);
    expect(timestamp).toBeGreaterThan(1_000_000_000_000);
  });

  it('has no offset with acks 0, and the record is stored all the same', async () => {
    const cluster = sharedCluster();
    const topic = uniqueTopic('acks-0');
    await cluster.createTopic(topic);
    await using engine = await TestEngine.start({ client: cluster.clientConfig(), producer: { acks: 0 } });

    const { offset } = await engine.send({ topic, value: 'v' });
    await engine.send({ topic, value: 'w' });
    await engine.close(5_000);

    expect(offset).toBe('-1');
    await waitFor(async () => (await cluster.readTopic(topic)).length === 2, { what: 'two stored records' });
  });
});
