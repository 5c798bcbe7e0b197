import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CompressionType } from '../../lib/wire/compression/compression-codec.js';
import { sharedCluster, uniqueTopic } from '../support/broker.js';
import { readByKafkaJs, readByUs, withHeadersByName, writeByKafkaJs, writeByUs } from './clients.js';
import { JavaClient } from './java-client.js';
import type { PlainRecord } from './plain-record.js';

const LIMIT_MS = 120_000;
const CODECS: readonly CompressionType[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const START = 1_700_000_000_000;

/** What clients may treat differently, each in one record. */
const UNUSUAL: readonly Partial<PlainRecord>[] = [
  { value: Buffer.from('plain') },
  { key: Buffer.from('a tombstone'), value: null },
  { key: null, value: null },
  { key: Buffer.alloc(0), value: Buffer.alloc(0) },
  { key: Buffer.from('schlüssel-값-🔑'), value: Buffer.from('wert-값-📦') },
  { key: EVERY_BYTE, value: EVERY_BYTE },
  { key: Buffer.alloc(5_000, 'k'), value: Buffer.alloc(200_000, 'long ') },
  { headers: [['one', Buffer.from('text')]] },
  { headers: [['binary', EVERY_BYTE]] },
  { headers: [['null', null]] },
  { headers: [['empty', Buffer.alloc(0)]] },
  { headers: [['schlüssel-값-🔑', Buffer.from('값')]] },
  {
    headers: [
      ['twice', Buffer.from('1')],
      ['between', Buffer.from('2')],
      ['twice', Buffer.from('3')],
      ['twice', null],
    ],
  },
  { timestamp: START - 1_000 },
  { timestamp: 0 },
  ...Array.from({ length: 200 }, (_, n) => ({ key: Buffer.from(`k${n}`), value: Buffer.alloc(n, 'ab') })),
];

const RECORDS = UNUSUAL.map((record, n): PlainRecord => ({
  key: Buffer.from(`key-${n}`),
  value: Buffer.from(`value-${n}`),
  headers: [],
  timestamp: START + n,
  ...record,
}));

async function newTopic(name: string): Promise<string> {
  const topic = uniqueTopic(name);
  await sharedCluster().createTopic(topic, { partitions: 1 });
  return topic;
}

describe('records', () => {
  let java: JavaClient;

  beforeAll(async () => {
    java = await JavaClient.start();
  });

  afterAll(() => java[Symbol.asyncDispose]());

  it.each(CODECS)(
    'of this library are read by Java as they were sent, and those of Java by this library (%s)',
    async (codec) => {
      const ours = await newTopic(`ours-${codec}`);
      await writeByUs(ours, codec, RECORDS);
      expect(await java.read(ours)).toEqual(RECORDS);
      const theirs = await newTopic(`java-${codec}`);
      await java.write(theirs, codec, RECORDS);
      expect(await readByUs(theirs, RECORDS.length)).toEqual(RECORDS);
    },
    LIMIT_MS,
  );

  it.each(['none', 'gzip'] as const)(
    'of this library are read by kafkajs as they were sent, and those of kafkajs by this library and by Java (%s)',
    async (codec) => {
      const ours = await newTopic(`ours-${codec}`);
      await writeByUs(ours, codec, RECORDS);
      expect(await readByKafkaJs(ours, RECORDS.length)).toEqual(withHeadersByName(RECORDS));
      const theirs = await newTopic(`kafkajs-${codec}`);
      // It cannot send a header that is null.
      const sent = RECORDS.filter(({ headers }) => headers.every(([, value]) => value !== null));
      const expected = withHeadersByName(sent);
      await writeByKafkaJs(theirs, codec, sent);
      expect(await readByUs(theirs, sent.length)).toEqual(expected);
      expect(await java.read(theirs)).toEqual(expected);
    },
    LIMIT_MS,
  );
});
