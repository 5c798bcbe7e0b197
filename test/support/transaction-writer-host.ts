import { appendFileSync } from 'node:fs';
import type { KafkaClientOptions } from '../../lib/wire/kafka-client-options.js';
import { ProducerTarget } from './producer-target.js';
import { createRandom } from './random.js';
import type { WrittenTransaction } from './transaction-check.js';
import { TransactionWriter } from './transaction-writer.js';

export interface WriterTask {
  readonly client: KafkaClientOptions;
  readonly name: string;
  readonly topic: string;
  readonly partitions: number;
  readonly records: number;
  readonly seed: number;
  /** Number of the first transaction. */
  readonly first: number;
  /** Gets a line of JSON before each transaction, and one after it, before the next one begins. */
  readonly file: string;
}

/** What stands in a line: `ended` false before the transaction, when the outcome is unknown for sure. */
export interface WriterLine extends WrittenTransaction {
  readonly ended: boolean;
}

/** A process that runs transactions until it is killed, always under the same transactional id. */
const { client, file, seed, ...options }: WriterTask = JSON.parse(process.argv[2] ?? '{}');
const note = (transaction: WrittenTransaction, ended: boolean): void => {
  const line: WriterLine = { ...transaction, ended };
  appendFileSync(file, `${JSON.stringify(line)}\n`);
};
const writer = new TransactionWriter({
  ...options,
  random: createRandom(seed),
  onBegin: (transaction) => note(transaction, false),
  onEnd: (transaction) => note(transaction, true),
});
const target = await ProducerTarget.start({ client, transactionalIdPrefix: `${options.name}-`, poolSize: 1 });
process.once('disconnect', () => writer.stop());
process.send?.('started');
await writer.write(target);
await target[Symbol.asyncDispose]();
