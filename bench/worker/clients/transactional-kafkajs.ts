import kafkajs, { type Producer } from 'kafkajs';
import type { TransactionalClient, TransactionalProducer, TransactionTarget } from './transactional-client.js';

const { Kafka, Partitioners, logLevel } = kafkajs;

/** kafkajs as its documentation has it for transactions: idempotent, one request in flight; the rest are its defaults. */
export async function connectTransactionalKafkaJs(target: TransactionTarget): Promise<TransactionalClient> {
  const { brokers, producers, transactionalIdPrefix } = target;
  // It writes an error for each refusal that it tries again after, several per transaction.
  const client = new Kafka({ clientId: 'bench', brokers, logLevel: logLevel.NOTHING });
  const connected = Array.from({ length: producers }, (_, index) =>
    client.producer({
      transactionalId: `${transactionalIdPrefix}${index}`,
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: Partitioners.DefaultPartitioner,
    }),
  );
  await Promise.all(connected.map((producer) => producer.connect()));
  return {
    producers: connected.map((producer) => transactional(producer, target)),
    close: async () => {
      await Promise.all(connected.map((producer) => producer.disconnect()));
    },
  };
}

function transactional(producer: Producer, { messages, topic, values }: TransactionTarget): TransactionalProducer {
  let next = 0;
  const message = (): { value: Buffer | null } => ({ value: values[next++ % values.length] ?? null });
  const run = async (end: 'commit' | 'abort'): Promise<number> => {
    const transaction = await producer.transaction();
    try {
      await transaction.send({ topic, messages: Array.from({ length: messages }, message) });
    } catch (error) {
      await transaction.abort();
      throw error;
    }
    const endingAt = performance.now();
    await transaction[end]();
    return endingAt;
  };
  return { commit: () => run('commit'), abort: () => run('abort') };
}
