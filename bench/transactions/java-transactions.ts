import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { KafkaTestCluster } from 'nestjs-kafka-producer/testing';
import { startJava } from '../java-process.js';
import { withPayloadFile } from '../with-payload-file.js';
import type { TransactionJob, TransactionMeasure } from '../worker/job.js';
import { parseTransactionOutput } from './transaction-output.js';

/** Below the package, wherever the compiled benchmark is. */
const SOURCE = join('bench', 'transactions', 'java', 'TransactionPerformance.java');

/** The Java client with its defaults: one KafkaProducer per thread, sends not awaited, as its documentation has it. */
export function measureJavaTransactions(
  cluster: KafkaTestCluster,
  job: Omit<TransactionJob, 'kind' | 'client' | 'brokers'>,
): Promise<TransactionMeasure> {
  const { abortMs, messages, producers, topic, valueBytes, warmupMs, windowMs } = job;
  const packageDirectory = dirname(createRequire(import.meta.url).resolve('nestjs-kafka-producer/package.json'));
  return withPayloadFile(valueBytes, async (payloads) => {
    const results: TransactionMeasure[] = [];
    const java = await startJava(cluster, {
      main: join(packageDirectory, SOURCE),
      args: [
        ['--bootstrap-servers', cluster.bootstrapServers().join(',')],
        ['--topic', topic],
        ['--transactional-id-prefix', `${topic}-`],
        ['--producers', String(producers)],
        ['--messages', String(messages)],
        ['--payload-file', payloads],
        ['--warmup-ms', String(warmupMs)],
        ['--window-ms', String(windowMs)],
        ['--abort-ms', String(abortMs)],
      ].flat(),
      onLine: (line) => {
        const result = parseTransactionOutput(line);
        if (result !== null) results.push(result);
      },
    });
    const output = await java.ended;
    const [result] = results;
    if (result === undefined) throw new Error(`${SOURCE} gave no result: ${output}`);
    return result;
  });
}
