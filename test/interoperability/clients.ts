import { CompressionTypes } from 'kafkajs';
import type { IsolationLevel } from '../../lib/consumer/consumer-config.js';
import type { CompressionType } from '../../lib/wire/compression/compression-codec.js';
import { sharedCluster, uniqueGroup, waitFor } from '../support/broker.js';
import { TestEngine } from '../support/test-engine.js';
import { TestListener } from '../support/test-listener.js';
import type { PlainRecord } from './plain-record.js';

const READ_LIMIT_MS = 60_000;
type KafkaJsHeaders = Record<string, Buffer[]>;

export async function writeByUs(
  topic: string,
  compression: CompressionType,
  records: readonly PlainRecord[],
): Promise<void> {
  await using engine = await TestEngine.start({ client: sharedCluster().clientConfig(), producer: { compression } });
  await Promise.all(
    records.map(({ headers, ...record }) =>
      engine.send({ topic, ...record, headers: headers.map(([key, value]) => ({ key, value })) }),
    ),
  );
}

/** The first `count` records of a topic with one partition, and those that have come with the last of them. */
export async function readByUs(
  topic: string,
  count: number,
  isolationLevel: IsolationLevel = 'read_committed',
): Promise<PlainRecord[]> {
  const seen: PlainRecord[] = [];
  await using listener = await TestListener.start({
    client: sharedCluster().clientConfig(),
    groupId: uniqueGroup(),
    topics: [topic],
    config: { isolationLevel },
    handler: ({ records }) => {
      for (const { headers, key, timestamp, value } of records) {
        seen.push({ key, value, timestamp, headers: headers.map((header) => [header.key, header.value]) });
      }
    },
  });
  // Only then would it have handed out what it should not.
  const isAtEnd = (): boolean => seen.length >= count && listener.lag === 0;
  await waitFor(isAtEnd, { what: `${count} records by this library`, limitMs: READ_LIMIT_MS });
  return seen;
}

/** kafkajs takes headers by name, none of them null, and compresses with gzip only by itself. */
export async function writeByKafkaJs(
  topic: string,
  compression: 'none' | 'gzip',
  records: readonly PlainRecord[],
): Promise<void> {
  const producer = sharedCluster().kafkaJs().producer();
  await producer.connect();
  try {
    await producer.send({
      topic,
      compression: compression === 'gzip' ? CompressionTypes.GZIP : CompressionTypes.None,
      messages: records.map(({ headers, key, timestamp, value }) => ({
        key,
        value,
        timestamp: String(timestamp),
        headers: headersByName(headers) as KafkaJsHeaders,
      })),
    });
  } finally {
    await producer.disconnect();
  }
}

/** The first `count` records of a topic with one partition, and those that have come with the last of them. */
export async function readByKafkaJs(
  topic: string,
  count: number,
  isolation: IsolationLevel = 'read_committed',
): Promise<PlainRecord[]> {
  const seen: PlainRecord[] = [];
  const consumer = sharedCluster()
    .kafkaJs()
    .consumer({ groupId: uniqueGroup(), readUncommitted: isolation === 'read_uncommitted', maxWaitTimeInMs: 100 });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachBatch: async ({ batch }) => {
        for (const { headers = {}, key, timestamp, value } of batch.messages) {
          seen.push({ key, value, timestamp: Number(timestamp), headers: headersOf(headers) });
        }
      },
    });
    await waitFor(() => seen.length >= count, { what: `${count} records by kafkajs`, limitMs: READ_LIMIT_MS });
  } finally {
    await consumer.disconnect();
  }
  return seen;
}

/** The records as kafkajs can tell them: it does not keep the order of headers with different names. */
export function withHeadersByName(records: readonly PlainRecord[]): PlainRecord[] {
  return records.map((record) => ({
    ...record,
    headers: headersOf(headersByName(record.headers)),
  }));
}

function headersByName(headers: PlainRecord['headers']): Record<string, (Buffer | null)[]> {
  const byName: Record<string, (Buffer | null)[]> = {};
  for (const [name, value] of headers) byName[name] = [...(byName[name] ?? []), value];
  return byName;
}

function headersOf(byName: Readonly<Record<string, unknown>>): [string, Buffer | null][] {
  return Object.entries(byName).flatMap(([name, values]) =>
    [values]
      .flat()
      .map((value): [string, Buffer | null] => [name, value instanceof Uint8Array ? Buffer.from(value) : null]),
  );
}
