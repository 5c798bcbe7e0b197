import { startOurs } from './ours.js';
import type { TransactionalClient, TransactionalProducer, TransactionTarget } from './transactional-client.js';

/** What makes a work fail on purpose: made once, because a stack trace takes longer than a part of the abort. */
const ROLLBACK = new Error('The work of this transaction fails on purpose.');

/** Our one injected producer with its defaults, used by so many callers at the same time. */
export async function connectTransactionalOurs(target: TransactionTarget): Promise<TransactionalClient> {
  const { brokers, messages, producers, topic, transactionalIdPrefix, values } = target;
  const { producer, close } = await startOurs(brokers, {}, { transactionalIdPrefix, poolSize: producers });
  let next = 0;
  const record = (): { topic: string; value: Buffer | null } => ({
    topic,
    value: values[next++ % values.length] ?? null,
  });
  const send = (): Promise<unknown> =>
    messages === 1 ? producer.send(record()) : producer.sendAll(Array.from({ length: messages }, record));
  const caller: TransactionalProducer = {
    commit: () =>
      producer.transaction(async () => {
        await send();
        return performance.now();
      }),
    abort: async () => {
      let endingAt = 0;
      const work = async (): Promise<never> => {
        await send();
        endingAt = performance.now();
        throw ROLLBACK;
      };
      await producer.transaction(work).catch((error: unknown) => {
        if (error !== ROLLBACK) throw error;
      });
      return endingAt;
    },
  };
  return { producers: Array.from({ length: producers }, () => caller), close };
}
