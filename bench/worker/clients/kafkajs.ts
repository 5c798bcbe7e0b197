import kafkajs from 'kafkajs';
import type { BenchClient, BenchTarget } from './bench-client.js';

const { Kafka, Partitioners, logLevel } = kafkajs;

/**
 * kafkajs with its defaults: acks=all, not idempotent (which would be slower: one request in flight per broker).
 * @param recordsPerSend 1: `send`; more: `sendBatch` of so many
 */
export async function connectKafkaJs(target: BenchTarget, recordsPerSend: number): Promise<BenchClient> {
  const { topic, values, brokers } = target;
  const client = new Kafka({ clientId: 'bench', brokers, logLevel: logLevel.ERROR });
  const producer = client.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  let next = 0;
  const message = (): { value: Buffer | null } => ({ value: values[next++ % values.length] ?? null });
  const send =
    recordsPerSend === 1
      ? () => producer.send({ topic, messages: [message()] })
      : () =>
          producer.sendBatch({ topicMessages: [{ topic, messages: Array.from({ length: recordsPerSend }, message) }] });
  return { recordsPerSend, send, close: () => producer.disconnect() };
}
