import type { ProducerRecord } from 'nestjs-kafka-producer';
import { createPayloads } from '../payloads.js';
import { startOurs } from './clients/ours.js';
import type { FillJob, FillMeasure } from './consumer-job.js';
import { encodeRecord } from './consumers/bench-record.js';

/** Sent and not yet acknowledged. */
const CHUNK = 10_000;

export async function fillTopic(job: FillJob): Promise<FillMeasure> {
  const { brokers, keys, partitions, records, topic, valueBytes } = job;
  const letters = createPayloads(valueBytes).map(String);
  const { close, producer } = await startOurs(brokers);
  const record = (id: number): ProducerRecord<string, string> => ({
    topic,
    partition: id % partitions,
    key: keys === null ? null : `key-${id % keys}`,
    value: encodeRecord(id, letters[id % letters.length] ?? '', valueBytes),
  });
  let sent = 0;
  while (sent < records) {
    const from = sent;
    const size = Math.min(CHUNK, records - from);
    sent += (await producer.sendAll(Array.from({ length: size }, (_, index) => record(from + index)))).length;
  }
  await close();
  return { records: sent };
}
